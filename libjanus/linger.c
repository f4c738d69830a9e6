// SPDX-License-Identifier: MIT
#include "linger.h"

#include <stdlib.h>
#include <time.h>

#include "spec.h"

/* Longer than any open that is not held up by a mark of ours. */
#define LINGER_NS 1000000000

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

void janus__linger_init(struct janus__linger *linger)
{
	linger->first = NULL;
	linger->last = &linger->first;
}

static struct janus__lingering *take_first(struct janus__linger *linger)
{
	struct janus__lingering *first = linger->first;

	linger->first = first->next;
	if (!linger->first)
		linger->last = &linger->first;
	return first;
}

static void free_lingering(struct janus__lingering *lingering)
{
	janus__spec_unref(lingering->spec);
	free(lingering);
}

void janus__linger_done(struct janus__linger *linger, const struct janus__marker *marker)
{
	while (linger->first) {
		struct janus__lingering *lingering = take_first(linger);

		janus__cover_release(marker, lingering->spec, &lingering->coverage, true);
		free_lingering(lingering);
	}
}

void janus__linger_add(struct janus__linger *linger, struct janus__lingering *lingering)
{
	lingering->due_ns = now_ns() + LINGER_NS;
	lingering->next = NULL;
	*linger->last = lingering;
	linger->last = &lingering->next;
}

int64_t janus__linger_expire(struct janus__linger *linger,
			     const struct janus__marker *marker)
{
	int64_t now = linger->first ? now_ns() : 0;

	while (linger->first && linger->first->due_ns <= now) {
		struct janus__lingering *lingering = take_first(linger);

		janus__cover_release(marker, lingering->spec, &lingering->coverage,
				     false);
		free_lingering(lingering);
	}
	return linger->first ? linger->first->due_ns : 0;
}
