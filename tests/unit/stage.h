/* SPDX-License-Identifier: MIT */
/*
 * A context on the fake kernel, with a few files to guard:
 *	/allowed, /denied, /free		files in "/"
 *	/dir/a, /dir/b				in a directory
 */
#ifndef JANUS_TESTS_STAGE_H
#define JANUS_TESTS_STAGE_H

#include <janus/janus.h>

#include "context.h"
#include "fake_kernel.h"

#define OPENER 77 /* some process */
#define OWNER 50  /* the target of stage_owned_watch() */

extern struct janus_context *stage_context;
extern struct janus_event_buffer *stage_buffer;

/* For TestSuite(); the second checks that every fd is closed, once. */
void stage_setup(void);
void stage_teardown(void);

/* One subject about one path of the host; 0 flags: enforced, open. */
struct janus_watch *stage_deny(const char *path);
struct janus_watch *stage_allow(const char *path);
struct janus_watch *stage_watch(const struct janus_subject *subject);

/* The same for the process OWNER, whose root is "/". */
struct janus_watch *stage_owned_watch(const struct janus_subject *subject);

/* Somebody opens; what he is told. */
uint32_t stage_open(const char *path);

/* Fetch; how many, or a negative errno. Waits for the first one. */
int stage_poll(void);
const struct janus_event *stage_event(size_t index);

struct janus_stats stage_stats(void);

#endif
