// SPDX-License-Identifier: MIT
/*
 * Owns how a path is taken component by component. Each directory is resolved from the root
 * again, so that no symlink leads out of it; nothing on a file system that can stall is listed.
 */
#include "reach.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "identify.h"
#include "pattern.h"
#include "util.h"

#define LISTING_BYTES 16384
#define DEPTH_MAX 128
#define DIRECTORIES_MAX 100000

struct way {
	const struct janus__reach *reach;
	size_t directories;
	unsigned int depth;
	char path[PATH_MAX]; /* as far as it goes */
};

static int follow(struct way *way, size_t length, const char *rest);

/* Components. */

static size_t first_length(const char *rest)
{
	return strcspn(rest, "/");
}

static const char *after_first(const char *rest)
{
	rest += first_length(rest);
	return rest + strspn(rest, "/");
}

/* Put a component behind the first @length bytes; 0: it does not fit. */
static size_t extend(struct way *way, size_t length, const char *name, size_t name_length)
{
	if (length + name_length + 2 > sizeof(way->path))
		return 0;
	way->path[length] = '/';
	memcpy(way->path + length + 1, name, name_length);
	way->path[length + 1 + name_length] = '\0';
	return length + 1 + name_length;
}

static bool is_pattern(const struct way *way, const char *component)
{
	return way->reach->pattern && !janus__pattern_is_literal(component);
}

/* The directory that the way has come to; negative: it leads nowhere from here. */
static int open_directory(struct way *way, size_t length)
{
	const struct janus__root *root = way->reach->root;
	const struct janus__kernel *kernel = root->fd.kernel;
	struct janus__file file;
	int fd;

	way->path[length] = '\0';
	fd = janus__root_resolve(root, length ? way->path : "/");
	if (fd < 0)
		return fd;
	if (janus__identify_filesystem(kernel, fd) == JANUS__FILESYSTEM_STALLING ||
	    janus__identify_file(kernel, fd, &file) < 0 || !file.directory) {
		kernel->close(fd);
		return -ENOTDIR;
	}
	return fd;
}

/* One entry of a directory that a pattern is matched against. */
struct candidate {
	const struct dirent64 *entry;
	const char *component; /* terminated */
	const char *rest;      /* from the component on */
	size_t length;         /* of the path so far */
};

static int try_candidate(struct way *way, const struct candidate *candidate)
{
	const char *name = candidate->entry->d_name;
	bool any_depth = strcmp(candidate->component, "**") == 0;
	unsigned char type = candidate->entry->d_type;
	size_t length;

	if (any_depth ? type != DT_DIR && type != DT_UNKNOWN
		      : !janus__pattern_match(candidate->component, name))
		return 0;
	length = extend(way, candidate->length, name, strlen(name));
	if (!length)
		return 0;
	return follow(way, length,
		      any_depth ? candidate->rest : after_first(candidate->rest));
}

static int list(struct way *way, int directory, struct candidate *candidate)
{
	const struct janus__kernel *kernel = way->reach->root->fd.kernel;
	janus__autoclose struct janus__fd fd = {
		.kernel = kernel,
		.fd = kernel->openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	};
	janus__autofree char *listing = malloc(LISTING_BYTES);
	ssize_t length;
	int err = 0;

	if (!listing)
		return -ENOMEM;
	while (!err && fd.fd >= 0 &&
	       (length = kernel->getdents(fd.fd, listing, LISTING_BYTES)) > 0) {
		for (ssize_t at = 0; at < length && !err;) {
			candidate->entry =
				(const struct dirent64 *)(const void *)(listing + at);
			at += candidate->entry->d_reclen;
			if (!janus__is_dot(candidate->entry->d_name))
				err = try_candidate(way, candidate);
		}
	}
	return err;
}

/* A component stands for whatever matches it. */
static int follow_pattern(struct way *way, size_t length, const char *rest,
			  char *component)
{
	struct candidate candidate = {
		.component = component,
		.rest = rest,
		.length = length,
	};
	bool any_depth = strcmp(component, "**") == 0;
	janus__autoclose struct janus__fd directory = {
		.kernel = way->reach->root->fd.kernel,
		.fd = open_directory(way, length),
	};
	int err;

	if (directory.fd < 0)
		return 0;
	way->reach->pass(way->reach->userdata, directory.fd, any_depth ? "*" : component);
	if (any_depth) {
		err = follow(way, length, after_first(rest));
		if (err)
			return err;
	}
	return list(way, directory.fd, &candidate);
}

static void without_backslashes(char *component)
{
	char *to = component;

	for (const char *from = component; *from; from++) {
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from;
	}
	*to = '\0';
}

/* A component stands for itself. */
static int follow_literal(struct way *way, size_t length, const char *rest,
			  char *component)
{
	janus__autoclose struct janus__fd directory = {
		.kernel = way->reach->root->fd.kernel,
		.fd = open_directory(way, length),
	};

	if (directory.fd >= 0)
		way->reach->pass(way->reach->userdata, directory.fd, component);
	if (way->reach->pattern)
		without_backslashes(component);
	length = extend(way, length, component, strlen(component));
	return length ? follow(way, length, after_first(rest)) : 0;
}

/* @rest is what is still to be followed from the first @length bytes of the path. */
static int follow(struct way *way, size_t length, const char *rest)
{
	char component[NAME_MAX + 1];
	size_t component_length = first_length(rest);
	int err;

	way->path[length] = '\0';
	if (component_length == 0) {
		way->reach->arrive(way->reach->userdata, length ? way->path : "/");
		return 0;
	}
	if (component_length > NAME_MAX)
		return 0;
	if (way->depth == DEPTH_MAX || way->directories == DIRECTORIES_MAX)
		return -E2BIG;
	way->depth++;
	way->directories++;
	memcpy(component, rest, component_length);
	component[component_length] = '\0';
	err = is_pattern(way, component) ? follow_pattern(way, length, rest, component)
					 : follow_literal(way, length, rest, component);
	way->depth--;
	return err;
}

int janus__reach(const struct janus__reach *reach)
{
	struct way *way = calloc(1, sizeof(*way));
	int err;

	if (!way)
		return -ENOMEM;
	way->reach = reach;
	err = follow(way, 0, reach->path + strspn(reach->path, "/"));
	free(way);
	return err;
}
