/* SPDX-License-Identifier: MIT */
/*
 * When files are read again, and who is told: on request, or when they change. They are read by
 * a thread of their own, which nothing waits for; what it has read is applied by the main
 * thread, to which everything here belongs.
 */
#ifndef JANUSD_RELOAD_H
#define JANUSD_RELOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reload_apply.h"
#include "status.h"

struct reload;

/* Who waits for a reload to be done. */
struct reload_waiter {
	struct reload_waiter *next;
	uint64_t round;
	/* Once, with these filled in; FAILED_PRECONDITION: what is wrong. */
	void (*done)(struct reload_waiter *waiter);
	struct status status;
	uint64_t generation;
	uint64_t guards;
	const char *needs_restart[CONFIG_KEYS_MAX + 1]; /* ended by NULL */
};

/* What is in @apply stays the caller's. Return: 0, or a negative errno. */
int reload_create(struct reload **ret, const struct reload_apply *apply);

/* A thread that still reads is left alone. */
void reload_destroy(struct reload *reload);

/* Read everything again; NULL: nobody waits for it. What changes after this call is seen. */
void reload_ask(struct reload *reload, struct reload_waiter *waiter);

/* Whoever waits is told that there is nothing to wait for; nothing is applied any more. */
void reload_stop(struct reload *reload);

bool reload_is_busy(const struct reload *reload);

/* Of the last one. */
bool reload_has_failed(const struct reload *reload);

/* Readable when reload_run() has something to do. */
int reload_get_fd(const struct reload *reload);

/* Does not wait for files. */
void reload_run(struct reload *reload);

#endif
