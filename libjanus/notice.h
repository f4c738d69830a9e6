/* SPDX-License-Identifier: MIT */
/*
 * What a watch says of itself: that it has come into force, or has ended. The caller's own: no
 * other thread knows of them. Their memory is had before they are needed.
 */
#ifndef JANUS_NOTICE_H
#define JANUS_NOTICE_H

#include <stdbool.h>
#include <stdint.h>

#include "ring.h"
#include "spec.h"

struct janus__notice {
	struct janus__notice *next;
	struct janus__record record; /* with a reference on its spec */
};

/* Those that were not fetched yet, in their order. */
struct janus__notices {
	struct janus__notice *first;
	struct janus__notice **last;
};

void janus__notices_init(struct janus__notices *notices);
void janus__notices_done(struct janus__notices *notices);

/* The notice is given away, and so is the reference on the spec. */
void janus__notices_add(struct janus__notices *notices, struct janus__notice *notice,
			uint32_t kind, struct janus__spec *spec, int err);

/* Free the first one; its record has gone elsewhere. */
void janus__notices_pop(struct janus__notices *notices);

#endif
