// SPDX-License-Identifier: MIT
/*
 * Owns what the text of a mountinfo means. Decides nothing about marks. Owns its fd for the
 * length of one read.
 *
 * Whoever may mount in the target writes parts of that text: the paths, and the types of FUSE
 * file systems. The kernel escapes what would end a field, so fields are told apart before
 * anything is unescaped.
 */
#include "mounts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "util.h"

#define TEXT_SIZE_FIRST 16384
/* 100,000 mounts, the kernel's own limit, with 600 bytes each. */
#define TEXT_SIZE_MAX ((size_t)64 << 20)

/* What is left of a line. */
struct cursor {
	char *at;
	char *end;
};

static int open_mountinfo(const struct janus__proc *proc, int32_t pid)
{
	char path[32];
	int fd;

	if (pid < 0)
		return -ESRCH;
	if (pid)
		snprintf(path, sizeof(path), "%d/mountinfo", pid);
	else
		snprintf(path, sizeof(path), "self/mountinfo");
	fd = proc->kernel->openat(proc->fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd == -ENOENT ? -ESRCH : fd;
}

/* Make room behind what has been read. */
static int grow(char **text, size_t *size)
{
	size_t wanted = *size ? *size * 2 : TEXT_SIZE_FIRST;
	char *grown;

	if (wanted > TEXT_SIZE_MAX)
		return -EFBIG;
	grown = realloc(*text, wanted);
	if (!grown)
		return -ENOMEM;
	*text = grown;
	*size = wanted;
	return 0;
}

static int read_all(const struct janus__fd *file, char **ret, size_t *ret_length)
{
	janus__autofree char *text = NULL;
	size_t used = 0, size = 0;

	for (;;) {
		ssize_t length;
		int err = used == size ? grow(&text, &size) : 0;

		if (err)
			return err;
		length = file->kernel->read(file->fd, text + used, size - used);
		if (length == -EINTR)
			continue;
		/* EINVAL: the process ended, and its mount namespace with it. */
		if (length < 0)
			return length == -EINVAL ? -ESRCH : (int)length;
		if (length == 0)
			break;
		used += (size_t)length;
	}
	*ret = janus__steal_pointer(&text);
	*ret_length = used;
	return 0;
}

int janus__mounts_read(const struct janus__proc *proc, int32_t pid,
		       struct janus__mounts *ret)
{
	janus__autoclose struct janus__fd file = { proc->kernel, -1 };
	janus__autofree char *text = NULL;
	size_t length = 0;
	int err;

	file.fd = open_mountinfo(proc, pid);
	if (file.fd < 0)
		return file.fd;
	err = read_all(&file, &text, &length);
	if (err == 0)
		err = janus__mounts_parse(text, length, ret);
	if (err)
		return err;
	ret->text = janus__steal_pointer(&text);
	return 0;
}

/* The next field, terminated in place. NULL: the line ends before or with it. */
static char *take_field(struct cursor *line)
{
	char *start = line->at;
	char *space = memchr(start, ' ', (size_t)(line->end - start));

	if (!space)
		return NULL;
	*space = '\0';
	line->at = space + 1;
	return start;
}

/* A number that ends with @terminator; *@at moves behind that. */
static bool take_number(const char **at, char terminator, uint64_t max, uint64_t *ret)
{
	const char *start = *at;
	uint64_t value = 0;

	for (; **at >= '0' && **at <= '9'; (*at)++) {
		uint64_t digit = (uint64_t)(**at - '0');

		if (value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (*at == start || **at != terminator)
		return false;
	(*at)++;
	*ret = value;
	return true;
}

static bool take_id(struct cursor *line, uint64_t *ret)
{
	const char *field = take_field(line);

	return field && take_number(&field, '\0', UINT64_MAX, ret);
}

static bool take_device(struct cursor *line, uint64_t *ret)
{
	const char *field = take_field(line);
	uint64_t major, minor;

	if (!field || !take_number(&field, ':', UINT32_MAX, &major) ||
	    !take_number(&field, '\0', UINT32_MAX, &minor))
		return false;
	*ret = makedev((unsigned int)major, (unsigned int)minor);
	return true;
}

/* The byte that "\ooo" stands for; 0: it is no such thing. */
static char unescape_one(const char *text)
{
	unsigned int value = 0;

	if (text[0] != '\\')
		return 0;
	for (int i = 1; i <= 3; i++) {
		if (text[i] < '0' || text[i] > '7')
			return 0;
		value = value * 8 + (unsigned int)(text[i] - '0');
	}
	return value <= UINT8_MAX ? (char)value : 0;
}

static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		char byte = unescape_one(text);

		*to++ = byte ? byte : *text;
		text += byte ? 4 : 1;
	}
	*to = '\0';
}

/* A field in which the kernel has escaped blanks. */
static bool take_text(struct cursor *line, const char **ret)
{
	char *field = take_field(line);

	if (!field || !*field)
		return false;
	unescape(field);
	*ret = field;
	return true;
}

/* The options, and any number of fields that say how events spread, up to a lone '-'. */
static bool skip_options(struct cursor *line)
{
	const char *field = take_field(line);

	while (field && strcmp(field, "-") != 0)
		field = take_field(line);
	return field != NULL;
}

/* The source and the file system's options are left unread. */
static bool parse_line(struct cursor line, struct janus__mount *ret)
{
	return take_id(&line, &ret->id) && take_id(&line, &ret->parent) &&
	       take_device(&line, &ret->device) && take_text(&line, &ret->root) &&
	       take_text(&line, &ret->point) && ret->point[0] == '/' &&
	       skip_options(&line) && take_text(&line, &ret->type);
}

static size_t count_lines(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += text[i] == '\n';
	return count;
}

int janus__mounts_parse(char *text, size_t length, struct janus__mounts *ret)
{
	janus__autofree struct janus__mount *list = NULL;
	size_t count = count_lines(text, length);
	char *end = text + length;

	/* A NUL would end a field early, a cut last line would go unnoticed. */
	if (length && (memchr(text, '\0', length) || end[-1] != '\n'))
		return -EBADMSG;
	if (count) {
		list = calloc(count, sizeof(*list));
		if (!list)
			return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		char *newline = memchr(text, '\n', (size_t)(end - text));

		if (!parse_line((struct cursor){ text, newline }, &list[i]))
			return -EBADMSG;
		text = newline + 1;
	}
	*ret = (struct janus__mounts){
		.list = janus__steal_pointer(&list),
		.count = count,
	};
	return 0;
}

void janus__mounts_done(struct janus__mounts *mounts)
{
	free(mounts->list);
	free(mounts->text);
	*mounts = (struct janus__mounts){ 0 };
}

const struct janus__mount *janus__mounts_find(const struct janus__mounts *mounts,
					      uint64_t id)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (mounts->list[i].id == id)
			return &mounts->list[i];
	return NULL;
}

const struct janus__mount *janus__mounts_find_device(const struct janus__mounts *mounts,
						     uint64_t device)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (mounts->list[i].device == device)
			return &mounts->list[i];
	return NULL;
}

/* Whether the way to @path leads over @point. */
static bool leads_over(const char *point, const char *path)
{
	size_t length = strlen(point);

	if (length == 1)
		return true;
	return strncmp(point, path, length) == 0 &&
	       (path[length] == '\0' || path[length] == '/');
}

/* Whether it lies on no other mount that the target sees. */
static bool is_lowest(const struct janus__mounts *mounts,
		      const struct janus__mount *mount)
{
	return mount->parent == mount->id || !janus__mounts_find(mounts, mount->parent);
}

/* The first mount that one enters on the way to @point from within @from; NULL: from the root. */
static const struct janus__mount *enter(const struct janus__mounts *mounts,
					const struct janus__mount *from,
					const char *point)
{
	const struct janus__mount *found = NULL;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct janus__mount *mount = &mounts->list[i];

		if (!leads_over(mount->point, point))
			continue;
		if (found && strlen(found->point) <= strlen(mount->point))
			continue;
		if (from ? mount != from && mount->parent == from->id
			 : is_lowest(mounts, mount))
			found = mount;
	}
	return found;
}

/*
 * The order of the list does not tell: it is that of creation, while a mount can be moved onto a
 * younger one or be put beneath it, and a mount over a folder hides those further down.
 */
const struct janus__mount *janus__mounts_find_point(const struct janus__mounts *mounts,
						    const char *point)
{
	const struct janus__mount *on = NULL;

	/* Each step enters another mount; the bound is for lists that contradict themselves. */
	for (size_t steps = 0; steps <= mounts->count; steps++) {
		const struct janus__mount *next = enter(mounts, on, point);

		if (!next)
			break;
		on = next;
	}
	return on && strcmp(on->point, point) == 0 ? on : NULL;
}

bool janus__mount_stalls(const struct janus__mount *mount)
{
	/* A user's program, another machine, or the host of this one. */
	static const char *const types[] = {
		"fuse",  "fuseblk", "nfs", "nfs4", "9p",     "cifs",     "smb3",
		"smbfs", "ceph",    "afs", "coda", "autofs", "virtiofs",
	};

	if (strncmp(mount->type, "fuse.", 5) == 0 ||
	    strncmp(mount->type, "fuseblk.", 8) == 0)
		return true;
	for (size_t i = 0; i < JANUS__ARRAY_COUNT(types); i++)
		if (strcmp(mount->type, types[i]) == 0)
			return true;
	return false;
}
