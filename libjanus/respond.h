/* SPDX-License-Identifier: MIT */
/*
 * The answer to the kernel, once for each event.
 */
#ifndef JANUS_RESPOND_H
#define JANUS_RESPOND_H

#include <stdbool.h>

#include "kernel.h"

struct janus__answer {
	int fd; /* the event's; the kernel matches by its number */
	bool deny;
	bool audit; /* only in a group with FAN_ENABLE_AUDIT */
};

/*
 * 0; 1 when nobody waits for the answer any more (the opener was killed); a negative errno of
 * write(2) when the kernel did not take it, however often it was tried: then the opener
 * still waits.
 */
int janus__respond(const struct janus__kernel *kernel, int group,
		   const struct janus__answer *answer);

#endif
