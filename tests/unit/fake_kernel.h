/* SPDX-License-Identifier: MIT */
/*
 * A kernel that does as the test says: a few files, two permission groups, eventfds, and a log
 * of every call in its order. The fds are numbers of its own and never used twice, so that a
 * wrong close is found out.
 *
 * One a process; the library's threads may call it at the same time. Waiting ends after some
 * seconds, in a failure.
 */
#ifndef JANUS_TESTS_FAKE_KERNEL_H
#define JANUS_TESTS_FAKE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kernel.h"

extern const struct janus__kernel fake_kernel;

struct fake_file {
	const char *path;
	uint64_t number;
	uint64_t mount_id;
	uint64_t fs_type;
	int64_t change_time_ns;
	int64_t birth_time_ns; /* 0: the file system does not tell */
	uint32_t device;
	uint32_t links; /* 0: the path is told as that of a deleted file */
	uint16_t mode;
	uint64_t mark;    /* what the group is told of */
	uint64_t ignored; /* what the wide group is not told of */
};

/* Begin anew: there is "/" and nothing else. */
void fake_reset(void);

/* A new file; the caller may change it while nobody else runs. */
struct fake_file *fake_file(const char *path);
struct fake_file *fake_directory(const char *path);

/* What /proc says of a process. */
void fake_process(int32_t pid, int32_t ppid, uint64_t start_time);

/* Queue one permission event; the fd it comes with. Each is a read of its own. */
int fake_event(const char *path, int32_t pid, uint64_t mask);

/* The same in the second group. */
int fake_wide_event(const char *path, int32_t pid, uint64_t mask);

/* As fake_event(), without a read of its own: it comes with the next fake_event(). */
int fake_event_ahead(const char *path, int32_t pid, uint64_t mask);

/* Queue a read of any bytes, or one that fails; the last one in the second group. */
void fake_read_bytes(const void *bytes, size_t length);
void fake_read_error(int error);
void fake_wide_read_error(int error);

/* From now on the next @times calls of @name fail. @fd: that one only; -1: any. */
void fake_fail(const char *name, int fd, int error, unsigned int times);

/* Call @fn once, before the next call of @name with @fd. */
void fake_interrupt(const char *name, int fd, void (*fn)(void));

/* The answer to an event, FAN_ALLOW or FAN_DENY and FAN_AUDIT; waits for it. */
uint32_t fake_answer(int fd);

/* Wait until the responder has nothing to do, or is gone. */
void fake_settle(void);

/* Where in the log @name was called with @fd, from @start on; -1: nowhere. */
ssize_t fake_find(size_t start, const char *name, int fd);

/* How often @name was called with @fd; -1: with any. */
size_t fake_count(const char *name, int fd);

size_t fake_log_length(void);
size_t fake_open_fds(void);
size_t fake_wrong_closes(void);

#endif
