/* SPDX-License-Identifier: MIT */
/*
 * One exception of a subject as the caller gave it: whether it is valid. Pure.
 */
#ifndef JANUS_EXCEPTION_H
#define JANUS_EXCEPTION_H

#include <janus/watch.h>

#include <stdint.h>

/* What is wrong with it, for a watch of that target; NULL: nothing. */
const char *janus__exception_check(const struct janus_exception *exception,
				   uint32_t target);

#endif
