/* SPDX-License-Identifier: MIT */
/*
 * Container ids and the cgroup paths that hold them: what a user calls a container, what
 * /proc/PID/cgroup says, and whether the two are the same. Pure; opens nothing.
 */
#ifndef JANUS_CGROUP_H
#define JANUS_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 128 characters and the end. */
#define JANUS__CONTAINER_ID_SIZE 129

/* An id without its scheme. */
struct janus__container_id {
	char text[JANUS__CONTAINER_ID_SIZE];
	uint32_t length;
	/*
	 * 12 to 63 lower-case hexadecimal digits: the start of a full id, or a name. 64 are a
	 * full id and everything else is a name; both are compared as a whole.
	 */
	bool is_short;
};

/* Whether an id is one that runtimes make up, not a name. */
bool janus__container_id_is_full(const char *id);

/* One line of /proc/PID/cgroup. Points into the text. */
struct janus__cgroup_line {
	uint32_t hierarchy;      /* 0: cgroup v2 */
	const char *controllers; /* "memory", "name=systemd", "" */
	size_t controllers_length;
	const char *path;
	size_t path_length;
};

/* Where an id was found. Points into the text. */
struct janus__cgroup_match {
	uint32_t hierarchy;
	const char *path;
	size_t prefix_length; /* of the path, up to and with the part that holds the id */
	const char *id;
	size_t id_length;
	const char *runtime; /* "docker", "podman", ...; "": the path does not tell */
	uint32_t depth;      /* containers that this one lies in */
	bool is_nested;      /* the process belongs to a container inside this one */
};

/* Read what a user calls a container. -EINVAL: no container is called so. */
int janus__container_id_parse(const char *given, struct janus__container_id *ret);

/*
 * The line at *@at, which moves to the next one; start with 0. 1; 0: there is no more; or
 * -EBADMSG: not what the kernel writes.
 */
int janus__cgroup_next(const char *text, size_t length, size_t *at,
		       struct janus__cgroup_line *ret);

/*
 * Look for @id in a whole /proc/PID/cgroup. 1: found; of several places, the one with the
 * least depth, then the first one; 0: not found; -ENOTUNIQ: a short id is the start of two
 * different ids; -EBADMSG: not what the kernel writes.
 */
int janus__cgroup_match(const struct janus__container_id *id, const char *text,
			size_t length, struct janus__cgroup_match *ret);

/*
 * The container that a whole /proc/PID/cgroup speaks of, whatever its id: the outermost one of
 * the first line that names any, for below that a container can choose names. Returns as
 * janus__cgroup_match(), but never -ENOTUNIQ. One that is called by a plain name, outside of
 * systemd, cannot be told from any other cgroup.
 */
int janus__cgroup_identify(const char *text, size_t length,
			   struct janus__cgroup_match *ret);

#endif
