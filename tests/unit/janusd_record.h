/* SPDX-License-Identifier: MIT */
/*
 * A record for tests, with something in each field.
 */
#ifndef TEST_JANUSD_RECORD_H
#define TEST_JANUSD_RECORD_H

#include "record.h"

static inline struct record make_record(void)
{
	struct record record = {
		.text = {
			[RECORD_PATH] = "/data/menu",
			[RECORD_OLD_PATH] = "",
			[RECORD_COMM] = "cat",
			[RECORD_EXE] = "/usr/bin/cat",
			[RECORD_CGROUP] = "/kitchen",
			[RECORD_CONTAINER] = "c0ffee",
			[RECORD_RUNTIME] = "runc",
			[RECORD_GUARD] = "recipes",
			[RECORD_POD] = "kitchen",
			[RECORD_NODE] = "node-1",
			[RECORD_LINE] = "<DENY> OPEN_PERM",
		},
		.tags = { { "meal", "lunch" } },
		.tag_count = 1,
		.sequence = 9,
		.count = 1,
		.first_ns = INT64_C(1700000000123456789),
		.last_ns = INT64_C(1700000000123456789),
		.kind = JANUS_EVENT_OPEN,
		.verdict = JANUS_VERDICT_DENY,
		.reason = JANUS_REASON_RULE,
		.file_type = JANUS_FILE_REGULAR,
		.pid = 77,
		.inner_pid = 7,
		.parent_pid = 70,
		.uid = 0,
		.gid = UINT32_MAX,
	};

	return record;
}

#endif
