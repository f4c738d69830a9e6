// SPDX-License-Identifier: MIT
/*
 * An id in the first line, /proc/PID/cgroup in the others, both any bytes: what is found lies
 * in the text, spells the id, and ends a part of the path.
 */
#include "cgroup.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
	if (!condition)
		abort();
}

/* Whether @part lies in @text as a whole. */
static bool lies_in(const char *part, size_t length, const char *text, size_t size)
{
	return part >= text && length <= size && part <= text + size - length;
}

static void check_lines(const char *text, size_t size)
{
	struct janus__cgroup_line line;
	size_t at = 0, before = 0;

	while (janus__cgroup_next(text, size, &at, &line) > 0) {
		check(at > before && at <= size);
		before = at;
		check(lies_in(line.path, line.path_length, text, size));
		check(line.path_length > 0 && line.path[0] == '/');
		check(!memchr(line.path, '\n', line.path_length));
		check(lies_in(line.controllers, line.controllers_length, text, size));
	}
}

static void check_match(const struct janus__container_id *id, const char *text,
			size_t size)
{
	struct janus__cgroup_match match;
	const char *end;

	if (janus__cgroup_match(id, text, size, &match) != 1)
		return;
	check(lies_in(match.path, match.prefix_length, text, size));
	check(lies_in(match.id, match.id_length, match.path, match.prefix_length));
	check(match.id_length >= id->length);
	check(memcmp(match.id, id->text, id->length) == 0);
	check(id->is_short || match.id_length == id->length);
	end = match.path + match.prefix_length;
	check(*end == '/' || *end == '\n' || *end == ' ');
}

static void check_identify(const char *text, size_t size)
{
	struct janus__cgroup_match match;

	if (janus__cgroup_identify(text, size, &match) != 1)
		return;
	check(lies_in(match.path, match.prefix_length, text, size));
	check(lies_in(match.id, match.id_length, match.path, match.prefix_length));
	check(match.id_length > 0 && match.runtime && match.depth == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *newline = size ? memchr(data, '\n', size) : NULL;
	struct janus__container_id id;
	char given[256];
	size_t length;

	if (!newline)
		return 0;
	length = (size_t)(newline - data);
	check_lines((const char *)newline + 1, size - length - 1);
	check_identify((const char *)newline + 1, size - length - 1);
	if (length >= sizeof(given))
		return 0;
	memcpy(given, data, length);
	given[length] = '\0';
	if (janus__container_id_parse(given, &id) != 0)
		return 0;
	check(id.length > 0 && id.length == strlen(id.text));
	check_match(&id, (const char *)newline + 1, size - length - 1);
	return 0;
}
