/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with this worker, if anything: the one truth behind gRPC's health service,
 * /readyz, /healthz and the status of janus.v1. The main thread says what it sees, any thread
 * asks. Looks at nothing itself, so that whoever asks gets an answer also when the main thread
 * gives none.
 */
#ifndef JANUSD_HEALTH_H
#define JANUSD_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEALTH_TEXT_SIZE 512

/* How long trouble is told of after it was seen last. */
#define HEALTH_MEMORY_MS 10000

/* The main thread says something every second; so long in silence is too long. */
#define HEALTH_SILENCE_MS 5000

enum health_problem {
	HEALTH_STARTING,   /* nobody is served yet, or for now */
	HEALTH_ENDING,     /* nobody is served any more */
	HEALTH_STUCK,      /* the main thread does not come round */
	HEALTH_UNREAD,     /* the kernel's questions cannot be read */
	HEALTH_UNANSWERED, /* or not be answered */
	HEALTH_OVERDUE,    /* openers were answered at the deadline */
	HEALTH_PARTIAL,    /* a guard is not wholly in force */
	HEALTH_LOSING,     /* records are lost */
	HEALTH_PROBLEMS,
};

/* What the main thread sees. The first four have grown since the context was made. */
struct health_facts {
	uint64_t read_errors;
	uint64_t reply_errors;
	uint64_t overdue;
	uint64_t records_lost;
	bool unreadable; /* for good */
	bool starting;
	bool ending;
	const char
		*partial; /* a guard that is not wholly in force, escaped; NULL: none */
	uint64_t partial_count;
};

/* As it is at one moment. */
struct health_report {
	bool serving; /* no problem that is more than a nuisance */
	bool alive;   /* the main thread comes round */
	bool has[HEALTH_PROBLEMS];
	char text[HEALTH_PROBLEMS][HEALTH_TEXT_SIZE]; /* "" where there is no problem */
};

struct health;

/* @strict: a guard that is not wholly in force is more than a nuisance. NULL: no memory. */
struct health *health_create(bool strict);
void health_destroy(struct health *health);

/* The main thread. @now_ms: CLOCK_MONOTONIC, here and below. */
void health_say(struct health *health, const struct health_facts *facts, int64_t now_ms);

/* Any thread. */
void health_read(struct health *health, int64_t now_ms, struct health_report *ret);

/* Any thread: whether the worker does what it is there for. */
bool health_is_serving(struct health *health);

/* Return: one word, as in metrics. */
const char *health_problem_name(enum health_problem problem);

/* The present, for @now_ms. */
int64_t health_now_ms(void);

#endif
