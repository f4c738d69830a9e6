/* SPDX-License-Identifier: MIT */
/*
 * A record: all that is told of one event, or of several identical ones, whatever the format. Its
 * strings are borrowed, from the event and the label of its guard; a copy has its own.
 *
 * Pure.
 */
#ifndef JANUSD_RECORD_H
#define JANUSD_RECORD_H

#include <janus/types.h>
#include <janus/watch.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct janus_event;
struct label;

#define RECORD_TAGS_MAX 64 /* as many as a subject may have */

enum record_string {
	RECORD_PATH,
	RECORD_OLD_PATH,
	RECORD_COMM,
	RECORD_EXE,
	RECORD_CGROUP,
	RECORD_CONTAINER,
	RECORD_RUNTIME,
	RECORD_GUARD,
	RECORD_POD,
	RECORD_NODE,
	RECORD_LINE, /* by the guard's template; escaped already */
	RECORD_STRING_COUNT,
};

struct record {
	const char *text[RECORD_STRING_COUNT]; /* never NULL; "": unknown */
	struct janus_tag tags[RECORD_TAGS_MAX];
	size_t tag_count;
	uint64_t sequence;
	uint64_t generation; /* of the configuration; 0: unknown */
	uint64_t count;      /* of identical events that it stands for */
	int64_t first_ns;    /* when, since the epoch; of several ones the first */
	int64_t last_ns;
	uint32_t kind;
	uint32_t verdict; /* 0: only observed */
	uint32_t reason;
	uint32_t file_type;
	int32_t pid; /* 0, here and below: unknown */
	int32_t tid;
	int32_t inner_pid;
	int32_t parent_pid;
	uint32_t uid; /* UINT32_MAX: unknown */
	uint32_t gid;
};

/* @label: NULL: of a guard that is long gone. The line is left to the caller. */
void record_init(struct record *ret, const struct janus_event *event,
		 const struct label *label);

/* "ALLOW", "DENY", "WOULD_DENY", "ASK"; "OBSERVED" where there was no verdict. */
const char *record_verdict(const struct record *record);

/* As syslog(3) counts: 4 warning for DENY, 5 notice for WOULD_DENY, else 6. */
int record_priority(const struct record *record);

/* With strings of its own. Return: NULL if there is no memory; the caller frees it, free(3). */
struct record *record_copy(const struct record *record);

/*
 * Whether two are told as one: guard, verdict, reason, kind, file and who it was (program, user,
 * container), but not which process of the same program.
 */
bool record_is_same(const struct record *one, const struct record *other);

/* Equal for records that are the same. */
uint64_t record_hash(const struct record *record);

#endif
