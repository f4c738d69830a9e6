/* SPDX-License-Identifier: MIT */
/*
 * One access that two groups ask about, because an inode mark and a wide mark both cover it,
 * is told once. The kernel asks one group after the other, so the second question follows the
 * first answer soon. Both are decided and answered; this is about what is told. Pure; one
 * thread's.
 */
#ifndef JANUS_TWINS_H
#define JANUS_TWINS_H

#include <stdbool.h>
#include <stdint.h>

#include "rules.h"

#define JANUS__TWINS_COUNT 256u /* a power of two */

/* An access that was allowed. */
struct janus__access {
	struct janus__inode inode;
	int64_t time_ns;
	uint32_t kind;
	int32_t pid;
	bool wide; /* which group asked */
};

/* Whenever, and whichever group asks. */
static inline bool janus__access_is_same(const struct janus__access *a,
					 const struct janus__access *b)
{
	return a->inode.number == b->inode.number && a->inode.device == b->inode.device &&
	       a->pid == b->pid && a->kind == b->kind;
}

struct janus__twins {
	struct janus__twin {
		struct janus__access first;
		uint32_t
			waiting; /* so many were told, and the other group did not ask yet */
	} slots[JANUS__TWINS_COUNT];
};

/* Whether the other group has asked about this access just before. */
bool janus__twins_meet(struct janus__twins *twins, const struct janus__access *access);

/* The same, but an access that the other group has not asked about is not remembered. */
bool janus__twins_second(struct janus__twins *twins, const struct janus__access *access);

#endif
