/* SPDX-License-Identifier: MIT */
/*
 * Wanted rules -> marks of the kernel. Runs on the caller's thread only; the kernel's marks
 * are changed nowhere else.
 */
#ifndef JANUS_MARKS_H
#define JANUS_MARKS_H

#include <stddef.h>

#include "kernel.h"
#include "proc.h"
#include "root.h"
#include "rules.h"
#include "spec.h"
#include "stats.h"

struct janus__log;
struct janus_watch_report;

/* What the marks of a context go through. */
struct janus__marker {
	const struct janus__kernel *kernel;
	const struct janus__proc *proc;
	const struct janus__log *log;
	struct janus__rules *rules;
	struct janus__counters *counters;
	int group_fd;
};

/* The rules of a spec that are marked, each with its held object. */
struct janus__coverage {
	struct janus__wanted *wanted; /* sorted */
	size_t count;
};

/*
 * Resolve and mark every rule of a spec. What cannot be marked is told to @report and the log.
 * -ENOMEM, or why the first path could not be marked if none could; then nothing is marked
 * that was not before.
 */
int janus__marks_add(const struct janus__marker *marker, const struct janus__root *root,
		     const struct janus__spec *spec, struct janus_watch_report *report,
		     struct janus__coverage *ret);

/*
 * Take back what nobody wants any more and release the objects. @spec says how to find the
 * files again; those that cannot be found keep a mark that says "allow" until they are gone.
 */
void janus__marks_remove(const struct janus__marker *marker,
			 const struct janus__spec *spec,
			 struct janus__coverage *coverage);

#endif
