/* SPDX-License-Identifier: MIT */
/*
 * Bytes from a permission group -> kernel events, every length checked. Pure.
 */
#ifndef JANUS_DECODE_H
#define JANUS_DECODE_H

#include <stddef.h>
#include <stdint.h>

/* One permission event. The fd is the reader's to close, and what the answer is matched by. */
struct janus__kernel_event {
	int fd; /* negative: an errno; the kernel could not open the file and has denied it */
	int32_t pid;
	uint64_t mask;
};

/*
 * Take one event off the front of @bytes. Returns how many bytes it took (at least 1), 0 when
 * @length is 0, -EBADMSG when the rest cannot be decoded, -EPROTO when the kernel speaks
 * another version of the format.
 */
long janus__decode(const void *bytes, size_t length, struct janus__kernel_event *ret);

/* The permission kind of a mask, one bit of enum janus_event_kind; 0: none that we know. */
uint32_t janus__decode_kind(uint64_t mask);

/* The fanotify mask of a mask of kinds. */
uint64_t janus__encode_kinds(uint32_t kinds);

#endif
