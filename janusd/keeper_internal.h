/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the keeper share: its loop, the life of the worker, and the handover.
 */
#ifndef JANUSD_KEEPER_INTERNAL_H
#define JANUSD_KEEPER_INTERNAL_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "handed.h"
#include "privileges.h"
#include "program.h"
#include "restart.h"
#include "worker.h"

#define KEEPER_NEVER INT64_MAX

enum handover_step {
	HANDOVER_NONE,
	HANDOVER_CHECKING, /* the new program says whether it takes what we have */
	HANDOVER_DRAINING, /* the worker serves nobody any more */
};

struct keeper {
	struct worker_setup setup;
	char host[HOST_NAME_MAX + 1];
	struct privileges privileges;
	struct restart restart;
	struct program program;
	sigset_t old_mask; /* before any of ours were blocked */
	sigset_t worker_mask;
	int signals;
	pid_t self;
	pid_t worker; /* 0: there is none */
	int64_t started_ns;
	int64_t start_ns; /* when to start the next one */
	int64_t kill_ns;  /* when to kill one that does not stop */
	bool was_ready;   /* any worker so far, also before a handover */
	bool is_serving;  /* this one: what follows from it is done */
	bool stopping;
	bool leaving; /* stopping, and the guards stay for the next janusd */
	bool ended;
	bool is_worker; /* this process */
	int exit_status;

	/* From the keeper before this one, until a worker is ready. */
	struct handed handed;
	bool adopted;      /* its keep is ours */
	int64_t forget_ns; /* when to close its keep, if it is not */

	/* To the next one. */
	enum handover_step step;
	pid_t checker;
	int64_t step_ns; /* when to go on without waiting */
	uint64_t handovers;

	/* Whoever wants to hear from us. */
	int64_t watchdog_ns; /* half of the time that it waits; 0: nobody does */
	int64_t ping_ns;
	unsigned int beats; /* the worker's, when it was asked last */
	pid_t asked;        /* that worker; 0: none */
};

int64_t keeper_now_ns(void);

/* Say what failed. Return: -1. */
int keeper_fail(const char *what, int error);

void keeper_end(struct keeper *keeper, int exit_status);

/* The life of the worker, keeper_worker.c. */
void keeper_filter(const struct keeper *keeper, int (*filter)(void), const char *whose);
void keeper_start_worker(struct keeper *keeper);
void keeper_kill_worker(struct keeper *keeper);
void keeper_lose_worker(struct keeper *keeper, int status);
void keeper_ask_worker(struct keeper *keeper);
const char *keeper_how_it_ended(int status, char buf[64]);

/* Our own succession, keeper_handover.c. */
void keeper_describe(const struct keeper *keeper, struct handed *ret);
void keeper_forget_handed(struct keeper *keeper);
void keeper_begin_handover(struct keeper *keeper);
void keeper_take_checker(struct keeper *keeper, int status);
void keeper_go_on_handover(struct keeper *keeper);
void keeper_cancel_handover(struct keeper *keeper, const char *cause);
void keeper_finish_handover(struct keeper *keeper);

#endif
