/* SPDX-License-Identifier: MIT */
/*
 * A /proc of one's own: a folder with the few files that the library reads of a process.
 */
#ifndef JANUS_TESTS_FAKE_PROC_H
#define JANUS_TESTS_FAKE_PROC_H

#include <stdint.h>

struct fake_process {
	int32_t pid;
	int32_t ppid;
	uint64_t start_time;
	const char *cgroup; /* the file's text; NULL: the file is missing */
	const char *nspid;  /* "\t7\t1"; NULL: "\tPID"; "": no such line */
	const char *name;   /* NULL: "sh" */
	char state;         /* 0: 'S' */
};

/* The folder, made anew; static, one a test. */
const char *fake_proc_create(void);
void fake_proc_destroy(void);

void fake_proc_add(const struct fake_process *process);

/* Write PID/@name, whatever was in it. */
void fake_proc_write(int32_t pid, const char *name, const char *text);

/* Any folder in it with all above it, file, link, and the rights of a file. */
void fake_proc_folder(const char *path);
void fake_proc_text(const char *folder, const char *name, const char *text);
void fake_proc_link(const char *to, const char *path);
void fake_proc_mode(const char *path, unsigned int mode);

/* End a process: its folder goes. */
void fake_proc_remove(int32_t pid);

#endif
