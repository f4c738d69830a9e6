// SPDX-License-Identifier: MIT
/*
 * Owns what the lines of a status file mean. A process can be in 65536 groups, and their line
 * stands in the middle: so the text is read in pieces, and a line that is longer than any of
 * ours is skipped. The kernel escapes a line feed in a process's name.
 */
#include "status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

enum field {
	FIELD_TGID,
	FIELD_PARENT,
	FIELD_UID,
	FIELD_GID,
	FIELD_INSIDE,
	FIELD_COUNT,
};

static const char *const names[FIELD_COUNT] = { "Tgid:", "PPid:", "Uid:", "Gid:",
						"NStgid:" };

/* Without NStgid, which a kernel without pid namespaces does not have. */
#define NEEDED ((1u << FIELD_INSIDE) - 1)

struct cursor {
	const char *at;
	const char *end;
};

/* A tab and a number. */
static bool take_number(struct cursor *cursor, uint64_t max, uint64_t *ret)
{
	const char *digits;
	uint64_t value = 0;

	if (cursor->at == cursor->end || *cursor->at != '\t')
		return false;
	digits = ++cursor->at;
	for (; cursor->at < cursor->end; cursor->at++) {
		uint64_t digit = (uint64_t)(unsigned char)*cursor->at - '0';

		if (digit > 9)
			break;
		if (value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return cursor->at > digits;
}

static bool take_pid(struct cursor cursor, int32_t *ret)
{
	uint64_t value;

	if (!take_number(&cursor, INT32_MAX, &value) || cursor.at != cursor.end)
		return false;
	*ret = (int32_t)value;
	return true;
}

/* Real, effective, saved, file system. */
static bool take_effective(struct cursor cursor, uint32_t *ret)
{
	uint64_t ids[4];

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(ids); i++)
		if (!take_number(&cursor, UINT32_MAX, &ids[i]))
			return false;
	*ret = (uint32_t)ids[1];
	return cursor.at == cursor.end;
}

/* From our pid namespace inwards. */
static bool take_last(struct cursor cursor, int32_t *ret)
{
	uint64_t value = 0;

	do {
		if (!take_number(&cursor, INT32_MAX, &value))
			return false;
	} while (cursor.at < cursor.end);
	*ret = (int32_t)value;
	return true;
}

static bool take_field(enum field field, struct cursor cursor, struct janus__status *ret)
{
	switch (field) {
	case FIELD_TGID:
		return take_pid(cursor, &ret->tgid) && ret->tgid > 0;
	case FIELD_PARENT:
		return take_pid(cursor, &ret->parent_pid);
	case FIELD_UID:
		return take_effective(cursor, &ret->uid);
	case FIELD_GID:
		return take_effective(cursor, &ret->gid);
	case FIELD_INSIDE:
		return take_last(cursor, &ret->pid_inside);
	default:
		return false;
	}
}

static int parse_line(struct janus__status_parser *parser)
{
	const char *line = parser->line;

	for (uint32_t i = 0; i < FIELD_COUNT; i++) {
		size_t length = strlen(names[i]);
		struct cursor rest = { line + length, line + parser->used };

		if (parser->used < length || memcmp(line, names[i], length) != 0)
			continue;
		if ((parser->seen & 1u << i) ||
		    !take_field((enum field)i, rest, &parser->status))
			return -EBADMSG;
		parser->seen |= 1u << i;
		return 0;
	}
	return 0;
}

int janus__status_feed(struct janus__status_parser *parser, const char *piece,
		       size_t length)
{
	for (size_t i = 0; i < length; i++) {
		int err = 0;

		if (piece[i] != '\n') {
			if (parser->used < sizeof(parser->line))
				parser->line[parser->used++] = piece[i];
			continue;
		}
		if (parser->used < sizeof(parser->line))
			err = parse_line(parser);
		if (err)
			return err;
		parser->used = 0;
	}
	return 0;
}

int janus__status_finish(const struct janus__status_parser *parser,
			 struct janus__status *ret)
{
	if (parser->used || (parser->seen & NEEDED) != NEEDED)
		return -EBADMSG;
	*ret = parser->status;
	if (!(parser->seen & 1u << FIELD_INSIDE))
		ret->pid_inside = ret->tgid;
	return 0;
}

int janus__status_read(const struct janus__proc *proc, int32_t pid,
		       struct janus__status *ret)
{
	struct janus__status_parser parser = { .seen = 0 };
	janus__autoclose struct janus__fd file = { .kernel = proc->kernel, .fd = -1 };
	char piece[4096];

	file.fd = janus__proc_open_file(proc, pid, "status");
	if (file.fd < 0)
		return file.fd;
	for (;;) {
		ssize_t length = proc->kernel->read(file.fd, piece, sizeof(piece));
		int err;

		if (length == -EINTR)
			continue;
		if (length < 0)
			return (int)length;
		if (length == 0)
			return janus__status_finish(&parser, ret);
		err = janus__status_feed(&parser, piece, (size_t)length);
		if (err)
			return err;
	}
}
