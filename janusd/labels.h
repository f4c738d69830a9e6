/* SPDX-License-Identifier: MIT */
/*
 * What a record needs to know of its guard: its names and its template, found by the number
 * that the library hands back as the cookie. A guard gets a new label with each change,
 * and records of the old one may still be on their way; so a retired label stays for a
 * while.
 *
 * Belongs to the main thread.
 */
#ifndef JANUSD_LABELS_H
#define JANUSD_LABELS_H

#include <stdint.h>

struct guard;
struct janus_event;
struct labels;
struct template;

/* What a guard's events came to. Lives as long as one of the guard's labels does. */
struct label_tally {
	uint64_t allowed;
	uint64_t denied;
	uint64_t would_deny;
	uint64_t observed;
	uint64_t failed; /* of these, decided by failure or deadline */
	uint32_t labels; /* that have it */
};

struct label {
	uint64_t id; /* never 0, never used again */
	struct label_tally *tally;
	const char *name;
	const char *pod;
	const char *node;
	const struct template *template;
	uint64_t generation; /* of the guard, once it is in force */
	struct guard *guard; /* whose it is; NULL: retired, or not in force yet */
};

/* By which a guard is known. */
struct label_names {
	const char *name;
	const char *pod;
	const char *node;
};

/* Return: NULL if there is no memory. */
struct labels *labels_create(void);
void labels_destroy(struct labels *labels);

/* Copies @names, takes @template over on success. Return: NULL if there is no memory. */
const struct label *labels_add(struct labels *labels, const struct label_names *names,
			       struct template *template);

/* From now on it is the label of a guard that is in force. */
void labels_set_guard(struct labels *labels, const struct label *label,
		      struct guard *guard);

/* @label goes on counting where @old, of the guard before it, has come to. */
void labels_share_tally(struct labels *labels, const struct label *label,
			const struct label *old);

/* One more event of the guard that it names. */
void labels_count(const struct labels *labels, const struct janus_event *event);

/* No new record will carry it. Freed when its last records are surely fetched. */
void labels_retire(struct labels *labels, const struct label *label);

/* All records that were there at the call are fetched. */
void labels_drained(struct labels *labels);

/* Return: the label, live or retired; NULL if there is none any more. */
const struct label *labels_find(const struct labels *labels, uint64_t id);

#endif
