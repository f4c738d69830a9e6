// SPDX-License-Identifier: MIT
/*
 * Owns how /proc is read and what its text means. Decides nothing about containers.
 * Owns every fd it opens, for the length of one call or, for a list, until its done call.
 *
 * A process can end between any two calls, and its number can be used again: each reader says
 * -ESRCH for "gone", and relations are believed only where the start times allow them.
 */
#include "proc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

/* 52 fields of at most 20 digits, and a name of at most 64 bytes. */
#define STAT_SIZE 2048
/* 32 nested namespaces of at most 10 digits each. */
#define LINE_SIZE 512
#define GENERATIONS_MAX 64
/* How often the way up may change while it is being walked. */
#define RETRIES_MAX 8

/* What is left of a text that is being taken apart. */
struct cursor {
	const char *at;
	const char *end;
};

/* What getdents64(2) returns. */
struct directory_entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

int janus__proc_open(const struct janus__kernel *kernel, const char *path,
		     struct janus__proc *ret)
{
	int fd = kernel->openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fd;
	ret->kernel = kernel;
	ret->fd = fd;
	return 0;
}

void janus__proc_done(struct janus__proc *proc)
{
	if (proc->fd >= 0)
		proc->kernel->close(proc->fd);
	proc->fd = -1;
}

int janus__proc_open_file(const struct janus__proc *proc, int32_t pid, const char *name)
{
	char path[64];
	int length, fd;

	if (pid <= 0)
		return -ESRCH;
	length = snprintf(path, sizeof(path), "%d/%s", pid, name);
	if (length < 0 || (size_t)length >= sizeof(path))
		return -ENAMETOOLONG;
	fd = proc->kernel->openat(proc->fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd == -ENOENT ? -ESRCH : fd;
}

static ssize_t read_some(const struct janus__fd *file, char *buf, size_t size)
{
	ssize_t length;

	do {
		length = file->kernel->read(file->fd, buf, size);
	} while (length == -EINTR);
	return length;
}

ssize_t janus__proc_read(const struct janus__proc *proc, int32_t pid, const char *name,
			 struct janus__proc_text text)
{
	janus__autoclose struct janus__fd file = { proc->kernel, -1 };
	size_t used = 0;
	char beyond;

	file.fd = janus__proc_open_file(proc, pid, name);
	if (file.fd < 0)
		return file.fd;
	for (;;) {
		bool full = used == text.size;
		ssize_t length = read_some(&file, full ? &beyond : text.buf + used,
					   full ? 1 : text.size - used);

		if (length < 0)
			return length;
		if (length == 0)
			return (ssize_t)used;
		if (full)
			return -EFBIG;
		used += (size_t)length;
	}
}

static bool take(struct cursor *cursor, char wanted)
{
	if (cursor->at == cursor->end || *cursor->at != wanted)
		return false;
	cursor->at++;
	return true;
}

static bool take_number(struct cursor *cursor, uint64_t max, uint64_t *ret)
{
	const char *start = cursor->at;
	uint64_t value = 0;

	for (; cursor->at < cursor->end; cursor->at++) {
		uint64_t digit = (uint64_t)(unsigned char)*cursor->at - '0';

		if (digit > 9)
			break;
		if (value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret = value;
	return cursor->at > start;
}

static bool take_pid(struct cursor *cursor, int32_t *ret)
{
	uint64_t value;

	if (!take_number(cursor, INT32_MAX, &value))
		return false;
	*ret = (int32_t)value;
	return true;
}

/* A space and a number that nobody asks for; some of them are signed. */
static bool skip_field(struct cursor *cursor)
{
	uint64_t value;

	if (!take(cursor, ' '))
		return false;
	take(cursor, '-');
	return take_number(cursor, UINT64_MAX, &value);
}

/* " (NAME)": the name may hold anything, but no field behind it holds a ')'. */
static bool skip_name(struct cursor *cursor)
{
	const char *last;

	if (!take(cursor, ' ') || !take(cursor, '('))
		return false;
	last = memrchr(cursor->at, ')', (size_t)(cursor->end - cursor->at));
	if (!last)
		return false;
	cursor->at = last + 1;
	return true;
}

static bool take_state(struct cursor *cursor, char *ret)
{
	if (!take(cursor, ' ') || cursor->at == cursor->end)
		return false;
	*ret = *cursor->at++;
	return (*ret >= 'A' && *ret <= 'Z') || (*ret >= 'a' && *ret <= 'z');
}

int janus__proc_parse_stat(const char *text, size_t length, struct janus__proc_stat *ret)
{
	enum { FIRST_SKIPPED = 5, START_TIME = 22 };
	struct cursor cursor = { text, text + length };
	struct janus__proc_stat stat;

	if (!take_pid(&cursor, &stat.pid) || stat.pid == 0 || !skip_name(&cursor) ||
	    !take_state(&cursor, &stat.state) || !take(&cursor, ' ') ||
	    !take_pid(&cursor, &stat.ppid))
		return -EBADMSG;
	for (int field = FIRST_SKIPPED; field < START_TIME; field++)
		if (!skip_field(&cursor))
			return -EBADMSG;
	if (!take(&cursor, ' ') || !take_number(&cursor, UINT64_MAX, &stat.start_time))
		return -EBADMSG;
	/* The number must have ended, not the text that was read. */
	if (!take(&cursor, ' ') && !take(&cursor, '\n'))
		return -EBADMSG;
	*ret = stat;
	return 0;
}

int janus__proc_read_stat(const struct janus__proc *proc, int32_t pid,
			  struct janus__proc_stat *ret)
{
	char text[STAT_SIZE];
	struct janus__proc_stat stat;
	ssize_t length;
	int err;

	length = janus__proc_read(proc, pid, "stat",
				  (struct janus__proc_text){ text, sizeof(text) });
	if (length < 0)
		return (int)length;
	err = janus__proc_parse_stat(text, (size_t)length, &stat);
	if (err)
		return err;
	if (stat.pid != pid)
		return -EBADMSG;
	*ret = stat;
	return 0;
}

/* One line without its newline. -ENODATA: it is another one. */
static int parse_nspid_line(const char *line, size_t length,
			    struct janus__proc_nspid *ret)
{
	static const char name[] = "NSpid:";
	struct cursor cursor = { line, line + length };
	struct janus__proc_nspid nspid = { 0, 0 };

	if (length < sizeof(name) - 1 || memcmp(line, name, sizeof(name) - 1) != 0)
		return -ENODATA;
	cursor.at += sizeof(name) - 1;
	while (cursor.at < cursor.end) {
		if (!take(&cursor, '\t') || !take_pid(&cursor, &nspid.last))
			return -EBADMSG;
		nspid.count++;
	}
	if (nspid.count == 0)
		return -EBADMSG;
	*ret = nspid;
	return 0;
}

int janus__proc_parse_nspid(const char *text, size_t length,
			    struct janus__proc_nspid *ret)
{
	const char *end = text + length;

	/* The kernel writes a newline in a process's name as two characters. */
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		int err;

		if (!newline)
			return -EBADMSG;
		err = parse_nspid_line(text, (size_t)(newline - text), ret);
		if (err != -ENODATA)
			return err;
		text = newline + 1;
	}
	return -ENODATA;
}

/* A line that comes in pieces. Too long a one is none that we look for. */
struct line {
	char text[LINE_SIZE];
	size_t used;
};

/* Add a piece. -ENODATA: the wanted line has not ended in it. */
static int feed_line(struct line *line, const char *piece, size_t length,
		     struct janus__proc_nspid *ret)
{
	for (size_t i = 0; i < length; i++) {
		int err;

		if (piece[i] != '\n') {
			if (line->used < sizeof(line->text))
				line->text[line->used++] = piece[i];
			continue;
		}
		err = line->used == sizeof(line->text)
			      ? -ENODATA
			      : parse_nspid_line(line->text, line->used, ret);
		if (err != -ENODATA)
			return err;
		line->used = 0;
	}
	return -ENODATA;
}

int janus__proc_read_nspid(const struct janus__proc *proc, int32_t pid,
			   struct janus__proc_nspid *ret)
{
	janus__autoclose struct janus__fd file = { proc->kernel, -1 };
	struct line line = { .used = 0 };
	char piece[4096];

	file.fd = janus__proc_open_file(proc, pid, "status");
	if (file.fd < 0)
		return file.fd;
	/* A process may be in 65536 groups, and their line comes first. */
	for (;;) {
		ssize_t length = read_some(&file, piece, sizeof(piece));
		int err;

		if (length < 0)
			return (int)length;
		if (length == 0)
			return -ENODATA;
		err = feed_line(&line, piece, (size_t)length, ret);
		if (err != -ENODATA)
			return err;
	}
}

int janus__proc_list_init(struct janus__proc_list *list, const struct janus__proc *proc)
{
	/* Its own open file: lists of one /proc must not move each other's offset. */
	int fd = proc->kernel->openat(proc->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fd;
	list->kernel = proc->kernel;
	list->fd = fd;
	list->used = 0;
	list->at = 0;
	return 0;
}

void janus__proc_list_done(struct janus__proc_list *list)
{
	if (list->fd >= 0)
		list->kernel->close(list->fd);
	list->fd = -1;
}

/* A name that is a pid and nothing else. */
static bool parse_name(const char *name, size_t size, int32_t *ret)
{
	struct cursor cursor = { name, name + strnlen(name, size) };

	return take_pid(&cursor, ret) && *ret > 0 && name[0] != '0' &&
	       cursor.at == cursor.end;
}

int janus__proc_list_next(struct janus__proc_list *list, int32_t *ret)
{
	const size_t header = offsetof(struct directory_entry, name);

	for (;;) {
		const struct directory_entry *entry =
			(const void *)(list->buffer + list->at);

		if (list->at == list->used) {
			ssize_t length = list->kernel->getdents(list->fd, list->buffer,
								sizeof(list->buffer));

			if (length <= 0)
				return (int)length;
			list->used = (size_t)length;
			list->at = 0;
			continue;
		}
		if (list->used - list->at <= header || entry->size <= header ||
		    entry->size > list->used - list->at)
			return -EBADMSG;
		list->at += entry->size;
		if (parse_name(entry->name, entry->size - header, ret))
			return 1;
	}
}

/*
 * From @process upwards. -ESRCH: a parent ended meanwhile; -ESTALE: its number is another
 * process's by now, for nobody is younger than his child.
 */
static int walk_up(const struct janus__proc *proc, struct janus__proc_stat process,
		   int32_t ancestor_pid, uint64_t ancestor_start_time)
{
	for (int i = 0; i < GENERATIONS_MAX; i++) {
		struct janus__proc_stat parent;
		int err;

		if (process.pid == ancestor_pid)
			return process.start_time == ancestor_start_time;
		if (process.start_time < ancestor_start_time || process.ppid == 0)
			return 0;
		err = janus__proc_read_stat(proc, process.ppid, &parent);
		if (err)
			return err;
		if (parent.start_time > process.start_time)
			return -ESTALE;
		process = parent;
	}
	return -ELOOP;
}

int janus__proc_is_descendant(const struct janus__proc *proc, int32_t pid,
			      int32_t ancestor_pid, uint64_t ancestor_start_time)
{
	int result = 0;

	/* Who loses his parent gets another one, and the way up has changed. */
	for (int i = 0; i < RETRIES_MAX; i++) {
		struct janus__proc_stat process;

		result = janus__proc_read_stat(proc, pid, &process);
		if (result)
			return result;
		result = walk_up(proc, process, ancestor_pid, ancestor_start_time);
		if (result != -ESRCH && result != -ESTALE)
			return result;
	}
	return result == -ESTALE ? 0 : result;
}
