/* SPDX-License-Identifier: MIT */
/*
 * Guards as the bytes of a state file: those that were made over gRPC, as guard_image.h has each of
 * them, behind a head with version, length, a sum over everything, and the boot in which it was
 * written, since pids mean nothing in the next one. Nothing but what this very version writes is
 * taken. Pure: which file, and when, is state_load.c's and state_writer.c's business.
 */
#ifndef JANUSD_STATE_FILE_H
#define JANUSD_STATE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

/* Changes with the bytes of this file, and with those of guard_image.h. */
#define STATE_FILE_VERSION 1
/* All guards together, see guards.h, and what is written of each beside it. */
#define STATE_FILE_BYTES_MAX ((size_t)512 << 20)
/* An id of a boot in text, and a NUL. */
#define STATE_FILE_BOOT_SIZE 37

struct state_file_entry {
	uint64_t id; /* rises from entry to entry */
	struct wire_bytes image;
};

struct state_file {
	uint64_t generation; /* of the last change of any guard */
	char boot[STATE_FILE_BOOT_SIZE];
	struct state_file_entry *entries;
	size_t count;
};

/* What is wrong, and where. */
struct state_file_fault {
	size_t offset;
	const char *cause; /* a constant */
};

/* Return: 0 with bytes that the caller frees, -ENOMEM, or -EFBIG. */
int state_file_encode(const struct state_file *file, struct wire_bytes *ret);

/*
 * The entries point into @bytes. Return: 0, -ENOMEM, or -EBADMSG with @fault.
 */
int state_file_decode(struct state_file *ret, struct wire_bytes bytes,
		      struct state_file_fault *fault);

/* Put length and sum into the head of @bytes, which has room for one. */
void state_file_seal(uint8_t *bytes, size_t size);

/* Frees the entries, not what they point at. */
void state_file_done(struct state_file *file);

#endif
