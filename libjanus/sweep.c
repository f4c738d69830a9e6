// SPDX-License-Identifier: MIT
/*
 * Owns the set of what is still marked, for as long as it takes to go through the nodes once.
 * In doubt a node stays: who is forgotten too early is denied no more.
 */
#include "sweep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cover.h"
#include "util.h"

#define ENDS_MIN 1024u
#define PIECE_BYTES 262144u
#define FIRST_ROOM 4096u

/* Handles of overlayfs, and where they say that they are those of an upper file. */
#define OVERLAY_TYPE 0xf8
#define OVERLAY_FLAGS_AT 6
#define OVERLAY_UPPER 0x04

/* Handles that are marked, as hashes. */
struct marked {
	uint64_t *hashes; /* 0: a free place */
	size_t count;
	size_t room;  /* a power of two */
	bool partial; /* some were not told */
};

/* Lines. */

static bool skip_text(const char **at, const char *end, const char *text)
{
	size_t length = strlen(text);

	if ((size_t)(end - *at) < length || memcmp(*at, text, length) != 0)
		return false;
	*at += length;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(const char **at, const char *end, uint32_t *ret)
{
	const char *start = *at;
	uint32_t value = 0;

	while (*at < end && hex_digit(**at) >= 0) {
		if (*at - start == 8)
			return false;
		value = value << 4 | (uint32_t)hex_digit(*(*at)++);
	}
	*ret = value;
	return *at != start;
}

static bool find_text(const char **at, const char *end, const char *text)
{
	for (const char *c = *at; c < end; c++) {
		const char *after = c;

		if (skip_text(&after, end, text)) {
			*at = after;
			return true;
		}
	}
	return false;
}

static bool read_handle(const char *at, const char *end, struct janus__sweep_mark *ret)
{
	uint32_t length, type;

	if (!find_text(&at, end, " fhandle-bytes:") || !read_hex(&at, end, &length) ||
	    !skip_text(&at, end, " fhandle-type:") || !read_hex(&at, end, &type) ||
	    !skip_text(&at, end, " f_handle:") || length > sizeof(ret->bytes) ||
	    type > INT32_MAX || (size_t)(end - at) != (size_t)2 * length)
		return false;
	for (uint32_t i = 0; i < length; i++) {
		int high = hex_digit(*at++), low = hex_digit(*at++);

		if (high < 0 || low < 0)
			return false;
		ret->bytes[i] = (unsigned char)(high << 4 | low);
	}
	ret->type = (int32_t)type;
	ret->length = length;
	return true;
}

bool janus__sweep_parse(const char *line, size_t length, struct janus__sweep_mark *ret)
{
	const char *at = line, *end = line + length;

	if (!skip_text(&at, end, "fanotify ino:"))
		return false;
	if (!read_handle(at, end, ret))
		ret->length = 0;
	return true;
}

/* The set. */

/* Without the file system: that of another one keeps a node, too. */
static uint64_t hash_handle(int32_t type, uint32_t length, const unsigned char *bytes)
{
	uint64_t hash = 0xcbf29ce484222325u ^ (uint64_t)type;

	for (uint32_t i = 0; i < length; i++)
		hash = (hash ^ bytes[i]) * 0x100000001b3u;
	hash ^= hash >> 31;
	return hash ? hash : 1;
}

static uint64_t *place_in(const struct marked *marked, uint64_t hash)
{
	size_t at = (size_t)(hash & (marked->room - 1));

	while (marked->hashes[at] && marked->hashes[at] != hash)
		at = (at + 1) & (marked->room - 1);
	return &marked->hashes[at];
}

static int make_room(struct marked *marked)
{
	struct marked larger = *marked;

	if (marked->count < marked->room / 2)
		return 0;
	larger.room = marked->room ? marked->room * 2 : FIRST_ROOM;
	larger.hashes = calloc(larger.room, sizeof(*larger.hashes));
	if (!larger.hashes)
		return -ENOMEM;
	for (size_t i = 0; i < marked->room; i++)
		if (marked->hashes[i])
			*place_in(&larger, marked->hashes[i]) = marked->hashes[i];
	free(marked->hashes);
	*marked = larger;
	return 0;
}

static int add_line(struct marked *marked, const char *line, size_t length)
{
	struct janus__sweep_mark mark;
	uint64_t hash, *place;
	int err;

	if (!janus__sweep_parse(line, length, &mark))
		return 0;
	if (!mark.length) {
		marked->partial = true;
		return 0;
	}
	err = make_room(marked);
	if (err)
		return err;
	hash = hash_handle(mark.type, mark.length, mark.bytes);
	place = place_in(marked, hash);
	marked->count += *place == 0;
	*place = hash;
	return 0;
}

/* The lines that are whole; *@length is what remains at the front of the piece. */
static int add_lines(struct marked *marked, char *piece, size_t *length)
{
	char *line = piece, *end = piece + *length, *newline;
	int err = 0;

	while (!err && (newline = memchr(line, '\n', (size_t)(end - line)))) {
		err = add_line(marked, line, (size_t)(newline - line));
		line = newline + 1;
	}
	*length = (size_t)(end - line);
	memmove(piece, line, *length);
	return err;
}

/* The kernel writes it all down at once when it is read first. */
static int read_marks(const struct janus__marker *marker, struct marked *marked)
{
	const struct janus__kernel *kernel = marker->kernel;
	janus__autofree char *piece = malloc(PIECE_BYTES);
	size_t used = 0;
	ssize_t length = -ENOMEM;
	char path[40];
	janus__autoclose struct janus__fd info = { .kernel = kernel, .fd = -1 };

	snprintf(path, sizeof(path), "self/fdinfo/%d", marker->group_fd);
	if (piece)
		info.fd = kernel->openat(marker->proc->fd, path, O_RDONLY | O_CLOEXEC);
	if (info.fd < 0)
		return piece ? info.fd : -ENOMEM;
	do {
		int err;

		length = kernel->read(info.fd, piece + used, PIECE_BYTES - used);
		if (length > 0)
			used += (size_t)length;
		err = add_lines(marked, piece, &used);
		if (err)
			return err;
		if (used == PIECE_BYTES)
			return -EBADMSG;
	} while (length > 0 || length == -EINTR);
	if (length == 0 && used)
		return -EBADMSG;
	return (int)length;
}

/* Nodes. */

/* A file of a lower layer gets another handle when it is copied up. */
static bool is_for_ever(const struct marked *marked, const struct janus__fid *fid)
{
	if (fid->type < 0xf0)
		return true;
	return fid->type == OVERLAY_TYPE && fid->length > OVERLAY_FLAGS_AT &&
	       (fid->bytes[OVERLAY_FLAGS_AT] & OVERLAY_UPPER) && !marked->partial;
}

static bool has_gone(const struct janus__marker *marker, const struct marked *marked,
		     const struct janus__node *node)
{
	struct janus__fid fid = janus__node_fid(marker->trees, node);

	if ((node->flags & (JANUS__NODE_FILE | JANUS__NODE_ROOT)) != JANUS__NODE_FILE ||
	    !is_for_ever(marked, &fid))
		return false;
	return !marked->count ||
	       !*place_in(marked, hash_handle(fid.type, fid.length, fid.bytes));
}

/* From above to below, and from one to the next; NULL: that was all of the tree. */
static struct janus__node *next_of(struct janus__node *node)
{
	if (node->child)
		return node->child;
	while (node && !node->sibling)
		node = node->parent;
	return node ? node->sibling : NULL;
}

static void forget_gone(const struct janus__marker *marker, const struct marked *marked)
{
	for (struct janus__tree *tree = marker->trees->list; tree; tree = tree->next) {
		struct janus__node *node = tree->file_count ? tree->roots : NULL, *next;

		for (; node; node = next) {
			next = next_of(node);
			if (has_gone(marker, marked, node))
				janus__cover_forget(marker, node);
		}
	}
}

void janus__sweep_note(struct janus__trees *trees)
{
	trees->file_ends++;
}

/* What was lost in an overflow may have been the end of any file. */
static bool is_due(const struct janus__trees *trees, uint64_t overflows)
{
	uint64_t quarter = trees->file_count / 4;

	if (trees->file_count <= ENDS_MIN)
		return false;
	return trees->file_overflows != overflows ||
	       trees->file_ends > (quarter > ENDS_MIN ? quarter : ENDS_MIN);
}

void janus__sweep(const struct janus__marker *marker)
{
	struct janus__trees *trees = marker->trees;
	uint64_t overflows = atomic_load_explicit(&marker->counters->overflows,
						  memory_order_relaxed);
	struct marked marked = { 0 };

	if (marker->group_fd < 0 || !is_due(trees, overflows))
		return;
	trees->file_ends = 0;
	trees->file_overflows = overflows;
	/* What cannot be read now is tried again when as much has happened once more. */
	if (read_marks(marker, &marked) == 0)
		forget_gone(marker, &marked);
	free(marked.hashes);
}
