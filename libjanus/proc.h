/* SPDX-License-Identifier: MIT */
/*
 * /proc as text: who is a process's parent, when did it start, which number does it have in
 * its own namespace. Nothing here allocates, so the thread that answers may use all of it.
 *
 * Every reader goes through a struct janus__proc, which owns the fd of the directory; tests
 * point it at a tree of their own.
 */
#ifndef JANUS_PROC_H
#define JANUS_PROC_H

#include "kernel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct janus__proc {
	const struct janus__kernel *kernel;
	int fd;
};

/* Where a file's text goes. */
struct janus__proc_text {
	char *buf;
	size_t size;
};

/* What matters of /proc/PID/stat. */
struct janus__proc_stat {
	int32_t pid;
	int32_t ppid;        /* 0: it has none, or none that this /proc shows */
	uint64_t start_time; /* clock ticks since boot */
	char state;          /* 'R', 'S', 'Z', ... */
};

/* The NSpid line: the process's number in each pid namespace from this /proc's inwards. */
struct janus__proc_nspid {
	uint32_t count; /* at least 1 */
	int32_t last;   /* its number in its own namespace */
};

/* The numbers in /proc, one after the other, in the order the kernel lists them. */
struct janus__proc_list {
	const struct janus__kernel *kernel;
	int fd;
	size_t used; /* bytes of the buffer that hold entries */
	size_t at;   /* of these, already looked at */
	_Alignas(uint64_t) char buffer[16384];
};

/* Open a /proc. The fd is the object's; janus__proc_done() closes it. */
int janus__proc_open(const struct janus__kernel *kernel, const char *path,
		     struct janus__proc *ret);
void janus__proc_done(struct janus__proc *proc);

/* Open PID/@name; the caller closes it. -ESRCH: there is no such process (any more). */
int janus__proc_open_file(const struct janus__proc *proc, int32_t pid, const char *name);

/*
 * Read the whole of PID/@name and return its length; the text is not terminated. -EFBIG: it
 * has more than @size bytes; -ESRCH: there is no such process (any more).
 */
ssize_t janus__proc_read(const struct janus__proc *proc, int32_t pid, const char *name,
			 struct janus__proc_text text);

/*
 * Take /proc/PID/stat apart. The name ends at the last ')': whatever it is, it cannot pose as
 * another field. -EBADMSG: not what the kernel writes. Pure.
 */
int janus__proc_parse_stat(const char *text, size_t length, struct janus__proc_stat *ret);

/* Read and take apart. -ESRCH: no such process (any more). */
int janus__proc_read_stat(const struct janus__proc *proc, int32_t pid,
			  struct janus__proc_stat *ret);

/*
 * Find the NSpid line in /proc/PID/status. -ENODATA: there is none, the kernel knows no pid
 * namespaces; -EBADMSG: not what the kernel writes. Pure.
 */
int janus__proc_parse_nspid(const char *text, size_t length,
			    struct janus__proc_nspid *ret);

/* Read and find; also behind a Groups line of any length. -ESRCH as above. */
int janus__proc_read_nspid(const struct janus__proc *proc, int32_t pid,
			   struct janus__proc_nspid *ret);

/* List the processes. janus__proc_list_done() closes the list's own fd. */
int janus__proc_list_init(struct janus__proc_list *list, const struct janus__proc *proc);
void janus__proc_list_done(struct janus__proc_list *list);

/* The next process: 1 and *@ret; 0 after the last one; or a negative errno. */
int janus__proc_list_next(struct janus__proc_list *list, int32_t *ret);

/*
 * Is @pid the process that had @ancestor_pid since @ancestor_start_time, or does it descend
 * from it? 1, 0, or a negative errno where it cannot be told: -ESRCH: @pid is gone, or its
 * parents change faster than they can be read; -ELOOP: more than 64 generations.
 */
int janus__proc_is_descendant(const struct janus__proc *proc, int32_t pid,
			      int32_t ancestor_pid, uint64_t ancestor_start_time);

#endif
