// SPDX-License-Identifier: MIT
/*
 * Owns what a valid exception is. Who is meant by it is excepted.c's business.
 */
#include "exception.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "cgroup.h"
#include "util.h"

#define CONTAINER_ID_MAX 512

/* Every kind has a text or a number, or neither. */
static const struct {
	bool text;
	bool number;
} kinds[] = {
	[JANUS_EXCEPTION_EXE] = { .text = true },
	[JANUS_EXCEPTION_HOST_EXE] = { .text = true },
	[JANUS_EXCEPTION_UID] = { .number = true },
	[JANUS_EXCEPTION_GID] = { .number = true },
	[JANUS_EXCEPTION_CGROUP] = { .text = true },
	[JANUS_EXCEPTION_CONTAINER] = { .text = true },
	[JANUS_EXCEPTION_ANCESTOR] = { .number = true },
	[JANUS_EXCEPTION_OUTSIDE] = { 0 },
};

static const char *check_path(const char *path)
{
	if (path[0] != '/')
		return "the exception's path is not absolute";
	if (strnlen(path, PATH_MAX) == PATH_MAX)
		return "the exception's path has PATH_MAX or more bytes";
	return NULL;
}

static const char *check_container(const char *id)
{
	struct janus__container_id parsed;

	if (strnlen(id, CONTAINER_ID_MAX) == CONTAINER_ID_MAX ||
	    janus__container_id_parse(id, &parsed) < 0)
		return "the exception's text is no container id";
	return NULL;
}

/* The root is a cgroup, too, but then there is no exception left. */
static const char *check_cgroup(const char *path)
{
	const char *cause = check_path(path);

	if (!cause && (path[1] == '\0' || path[strlen(path) - 1] == '/'))
		cause = "the exception's cgroup is the root, or ends with a '/'";
	return cause;
}

const char *janus__exception_check(const struct janus_exception *exception,
				   uint32_t target)
{
	const char *text = exception->text ? exception->text : "";
	uint32_t kind = exception->kind;

	if (kind == 0 || kind >= JANUS__ARRAY_COUNT(kinds))
		return "unknown kind of exception";
	if (kinds[kind].text != (exception->text != NULL))
		return "a text goes with paths, cgroups and containers, and only with them";
	if (exception->number && !kinds[kind].number)
		return "a number goes with users, groups and processes only";
	switch (kind) {
	case JANUS_EXCEPTION_EXE:
	case JANUS_EXCEPTION_HOST_EXE:
		return check_path(text);
	case JANUS_EXCEPTION_CGROUP:
		return check_cgroup(text);
	case JANUS_EXCEPTION_CONTAINER:
		return check_container(text);
	case JANUS_EXCEPTION_ANCESTOR:
		if (exception->number == 0 || exception->number > INT32_MAX)
			return "the exception's number is no pid";
		return NULL;
	case JANUS_EXCEPTION_OUTSIDE:
		if (target == JANUS_TARGET_HOST)
			return "nobody is outside the host";
		return NULL;
	default:
		return NULL;
	}
}
