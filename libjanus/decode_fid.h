/* SPDX-License-Identifier: MIT */
/*
 * Bytes from the observing group and the mount group -> observations, every length checked.
 * Pure.
 */
#ifndef JANUS_DECODE_FID_H
#define JANUS_DECODE_FID_H

#include <stddef.h>
#include <stdint.h>

/* What the kernel calls an inode: its file system and a handle. Points into the bytes. */
struct janus__fid {
	uint64_t fsid; /* both words of the kernel's, as the seam's fs_id tells them */
	int32_t type;
	uint32_t length; /* 0: not told */
	const unsigned char *bytes;
};

struct janus__observation {
	uint64_t mask;
	int32_t pid;
	struct janus__fid directory; /* where it happened; of a rename: where it went */
	struct janus__fid old_directory; /* of a rename: where it came from */
	struct janus__fid target;        /* the file itself */
	const char *name; /* in the directory, terminated; NULL: the directory itself */
	const char *old_name; /* in the old directory */
	uint64_t mount_id;    /* of a mount event, else 0 */
};

/*
 * Take one event off the front of @bytes, which the strings and handles of @ret lie in. Records
 * of kinds that we do not know are skipped. A name holds no '/'; "." is told as NULL. Returns
 * as janus__decode() does.
 */
long janus__decode_fid(const void *bytes, size_t length, struct janus__observation *ret);

#endif
