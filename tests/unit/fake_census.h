/* SPDX-License-Identifier: MIT */
/*
 * A node with containers, and a census of it whose kernel calls can fail.
 */
#ifndef JANUS_TESTS_FAKE_CENSUS_H
#define JANUS_TESTS_FAKE_CENSUS_H

#include <janus/container.h>

#include "kernel.h"

#define TAIL "95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a"
#define FIRST "0af" TAIL
#define SECOND "3af" TAIL
#define TWIN "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4aff"
#define RUNC "{\"init_process_pid\":30,\"init_process_start\":300}"
#define ALL 3u /* first, second, and one that a runtime has written down */

struct fake_census {
	struct janus__kernel kernel;
	const char *proc_path;
	struct janus_containers *containers;
	const struct janus_container *found;
	int open_count;
	int looks; /* how often the node was looked at for what was found last */

	/* The Nth call from now fails; 0: none does. */
	struct {
		unsigned int nth;
		int error;
	} fault;
};

extern struct fake_census fake_census;

void census_begin(void);
void census_end(void);
void census_create(const struct janus_containers_options *options);

void census_add(int32_t pid, uint64_t start_time, const char *cgroup);

/* That of pid 30. */
void census_write_state(const char *folder);

/* FIRST with pid 10, SECOND with 20 and 21, and "web", which is pid 30. */
void census_add_all(void);
void census_expect_all(void);
void census_expect_one(const struct janus_container *one, const char *id, size_t pids);

int census_refresh(void);

/* Negative, or how often the node was looked at for it. */
int census_lookup(const char *id);
int census_find(int32_t pid);

#endif
