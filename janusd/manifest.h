/* SPDX-License-Identifier: MIT */
/*
 * A guard as a person writes it, docs/manifests.md, into a packed janus.v1.Guard. Checks keys,
 * types and words; what a guard may be is for guard_config.c. Pure.
 */
#ifndef JANUSD_MANIFEST_H
#define JANUSD_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#include "document.h"

struct manifest {
	char *file; /* where it is from */
	uint32_t line;
	uint32_t column;
	char *name;
	char *pod;  /* may be empty */
	char *node; /* may be empty */
	uint8_t *bytes;
	size_t length;
};

/* Return: 0, or -1 with faults and nothing to be done away with. */
int manifest_read(struct manifest *ret, const struct document *document,
		  struct faults *faults);

void manifest_done(struct manifest *manifest);

#endif
