/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with files that people write: one line each, "FILE:LINE:COLUMN: PATH: CAUSE",
 * gathered so that all of it is told at once. Knows nothing of what the files say.
 */
#ifndef JANUSD_FAULTS_H
#define JANUSD_FAULTS_H

#include <stddef.h>

#include "text.h"
#include "util.h"

#define FAULTS_MOST 50 /* lines that are kept; the others are counted */
#define FAULTS_BYTES 32768

struct faults {
	struct text lines; /* each ended by a newline */
	size_t count;
};

#define FAULTS_INIT                                                                      \
	{                                                                                \
		.lines = TEXT_INIT(FAULTS_BYTES)                                         \
	}

/* Where something is wrong. line 0: the file as a whole. */
struct faults_place {
	const char *file;
	size_t line;
	size_t column;    /* in characters, from 1 */
	const char *path; /* escaped; NULL or empty: none */
};

/* The values of @format are escaped already. */
void faults_add(struct faults *faults, const struct faults_place *place,
		const char *format, ...) format_like_printf(3, 4);

/* Tell each line, then how many were not kept. */
void faults_tell(const struct faults *faults, void (*tell)(void *context, const char *),
		 void *context);

void faults_done(struct faults *faults);

#endif
