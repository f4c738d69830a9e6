/* SPDX-License-Identifier: MIT */
/*
 * All manifests of a folder: *.json with one guard each, *.yaml and *.yml with any number.
 * Names that begin with a dot are left out, as are folders in it. No two may be of one guard.
 * Opens files: not for the main loop.
 */
#ifndef JANUSD_MANIFESTS_H
#define JANUSD_MANIFESTS_H

#include "manifest.h"

#define MANIFESTS_FILES_MOST 10000
#define MANIFESTS_BYTES_MOST ((size_t)64 << 20)

struct manifests {
	struct manifest *items; /* in the order of file names */
	size_t count;
	size_t room;
};

/* Return: 0, or -1 with faults and nothing to be done away with. */
int manifests_read(struct manifests *ret, const char *folder, struct faults *faults);

/* What is in one file, by the end of its name, added. Return: 0, or -1 with faults. */
int manifests_parse(struct manifests *manifests, const struct document_text *text,
		    struct faults *faults);

void manifests_done(struct manifests *manifests);

#endif
