/* SPDX-License-Identifier: MIT */
/*
 * What must hold when a test is over. Criterion takes no notice of an assertion that fails in
 * a teardown; it does of a crash.
 */
#ifndef JANUS_TESTS_TEARDOWN_H
#define JANUS_TESTS_TEARDOWN_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static inline void teardown_check(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "teardown: %s\n", what);
	abort();
}

#endif
