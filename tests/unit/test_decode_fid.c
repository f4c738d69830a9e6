// SPDX-License-Identifier: MIT
#include "decode_fid.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "kernel.h"

#define HEADER_SIZE sizeof(struct fanotify_event_info_header)
#define FID_SIZE sizeof(struct fanotify_event_info_fid)
#define PID 22

/* What the tests put into every handle. */
static const unsigned char handle[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };

/* Events as the kernel writes them, one record after the other. */
static unsigned char bytes[1024];
static size_t used;
static size_t event_at, record_at;

static void put(const void *data, size_t length)
{
	cr_assert_leq(length, sizeof(bytes) - used);
	memcpy(bytes + used, data, length);
	used += length;
}

static void set_event_length(size_t length)
{
	uint32_t told = (uint32_t)length;

	memcpy(bytes + event_at + offsetof(struct fanotify_event_metadata, event_len),
	       &told, sizeof(told));
}

static void set_record_length(size_t length)
{
	uint16_t told = (uint16_t)length;

	memcpy(bytes + record_at + offsetof(struct fanotify_event_info_header, len),
	       &told, sizeof(told));
}

static void put_event(uint64_t mask)
{
	const struct fanotify_event_metadata metadata = {
		.event_len = sizeof(metadata),
		.vers = FANOTIFY_METADATA_VERSION,
		.metadata_len = sizeof(metadata),
		.mask = mask,
		.fd = FAN_NOFD,
		.pid = PID,
	};

	event_at = used;
	put(&metadata, sizeof(metadata));
}

static void start_record(uint8_t type)
{
	const struct fanotify_event_info_header header = { .info_type = type };

	record_at = used;
	put(&header, sizeof(header));
}

/* The kernel fills records up to a multiple of four. */
static void end_record(void)
{
	while (used % 4)
		put("", 1);
	set_record_length(used - record_at);
	set_event_length(used - event_at);
}

static void put_fid(int32_t fsid, uint32_t length)
{
	const int32_t words[2] = { fsid, 0x77 };
	const int32_t type = 0x81;

	put(words, sizeof(words));
	put(&length, sizeof(length));
	put(&type, sizeof(type));
	put(handle, length < sizeof(handle) ? length : sizeof(handle));
}

static void put_record(uint8_t type, int32_t fsid, const char *name)
{
	start_record(type);
	put_fid(fsid, sizeof(handle));
	if (name)
		put(name, strlen(name) + 1);
	end_record();
}

static void setup(void)
{
	memset(bytes, 0, sizeof(bytes));
	used = event_at = record_at = 0;
}

TestSuite(decode_fid, .init = setup);

static bool is_fid(const struct janus__fid *fid, int32_t fsid)
{
	const int32_t words[2] = { fsid, 0x77 };

	return memcmp(&fid->fsid, words, sizeof(words)) == 0 && fid->type == 0x81 &&
	       fid->length == sizeof(handle) &&
	       memcmp(fid->bytes, handle, sizeof(handle)) == 0;
}

/* Decoding what was put fails with @err and tells nothing. */
static void assert_rejected(long err)
{
	struct janus__observation seen = { .pid = 4711 };

	cr_assert_eq(janus__decode_fid(bytes, used, &seen), err);
	cr_assert_eq(seen.pid, 4711);
}

static void decode(struct janus__observation *ret)
{
	cr_assert_eq(janus__decode_fid(bytes, used, ret), used);
}

Test(decode_fid, takes_one_event_off_the_front)
{
	struct janus__observation seen;
	size_t first;

	put_event(FAN_CREATE | FAN_ONDIR);
	put_record(FAN_EVENT_INFO_TYPE_DFID_NAME, 5, "name");
	put_record(FAN_EVENT_INFO_TYPE_FID, 6, NULL);
	first = used;
	put_event(FAN_MODIFY);
	cr_assert_eq(janus__decode_fid(bytes, used, &seen), first);
	cr_assert_eq(seen.mask, FAN_CREATE | FAN_ONDIR);
	cr_assert_eq(seen.pid, PID);
	cr_assert(is_fid(&seen.directory, 5));
	cr_assert_str_eq(seen.name, "name");
	cr_assert(is_fid(&seen.target, 6));
	cr_assert_eq(seen.old_directory.length, 0);
	cr_assert_null(seen.old_name);
	cr_assert_eq(seen.mount_id, 0);
}

Test(decode_fid, tells_both_sides_of_a_rename)
{
	struct janus__observation seen;

	put_event(FAN_RENAME);
	put_record(FAN_EVENT_INFO_TYPE_OLD_DFID_NAME, 1, "from");
	put_record(FAN_EVENT_INFO_TYPE_NEW_DFID_NAME, 2, "to");
	put_record(FAN_EVENT_INFO_TYPE_FID, 3, NULL);
	decode(&seen);
	cr_assert(is_fid(&seen.old_directory, 1));
	cr_assert_str_eq(seen.old_name, "from");
	cr_assert(is_fid(&seen.directory, 2));
	cr_assert_str_eq(seen.name, "to");
	cr_assert(is_fid(&seen.target, 3));
}

Test(decode_fid, tells_one_side_of_a_rename_out_of_sight)
{
	struct janus__observation seen;

	put_event(FAN_RENAME);
	put_record(FAN_EVENT_INFO_TYPE_OLD_DFID_NAME, 1, "from");
	decode(&seen);
	cr_assert(is_fid(&seen.old_directory, 1));
	cr_assert_eq(seen.directory.length, 0);
	cr_assert_null(seen.name);
}

Test(decode_fid, a_directory_itself_has_no_name)
{
	struct janus__observation seen = { .name = "stale" };

	put_event(FAN_OPEN | FAN_ONDIR);
	put_record(FAN_EVENT_INFO_TYPE_DFID_NAME, 5, ".");
	decode(&seen);
	cr_assert(is_fid(&seen.directory, 5));
	cr_assert_null(seen.name);

	setup();
	put_event(FAN_OPEN | FAN_ONDIR);
	put_record(FAN_EVENT_INFO_TYPE_DFID, 6, NULL);
	decode(&seen);
	cr_assert(is_fid(&seen.directory, 6));
	cr_assert_null(seen.name);
}

Test(decode_fid, takes_names_with_dots_in_them)
{
	const char *const names[] = { "...", "..a", ".a", "a." };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct janus__observation seen;

		setup();
		put_event(FAN_DELETE);
		put_record(FAN_EVENT_INFO_TYPE_DFID_NAME, 5, names[i]);
		decode(&seen);
		cr_assert_str_eq(seen.name, names[i]);
	}
}

Test(decode_fid, rejects_names_that_lead_elsewhere)
{
	const char *const names[] = { "..", "", "/", "a/b", "../a", "a/" };
	const uint8_t types[] = { FAN_EVENT_INFO_TYPE_DFID_NAME,
				  FAN_EVENT_INFO_TYPE_OLD_DFID_NAME,
				  FAN_EVENT_INFO_TYPE_NEW_DFID_NAME };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (size_t k = 0; k < sizeof(types); k++) {
			setup();
			put_event(FAN_RENAME);
			put_record(types[k], 5, names[i]);
			assert_rejected(-EBADMSG);
		}
}

Test(decode_fid, rejects_a_name_that_ends_in_the_next_record)
{
	put_event(FAN_CREATE);
	start_record(FAN_EVENT_INFO_TYPE_DFID_NAME);
	put_fid(5, sizeof(handle));
	put("four", 4);
	end_record();
	put_record(FAN_EVENT_INFO_TYPE_FID, 6, NULL);
	assert_rejected(-EBADMSG);
}

Test(decode_fid, rejects_a_missing_name)
{
	put_event(FAN_CREATE);
	put_record(FAN_EVENT_INFO_TYPE_DFID_NAME, 5, NULL);
	assert_rejected(-EBADMSG);
}

Test(decode_fid, rejects_a_handle_longer_than_its_record)
{
	const uint8_t types[] = { FAN_EVENT_INFO_TYPE_FID, FAN_EVENT_INFO_TYPE_DFID };

	for (size_t i = 0; i < sizeof(types); i++)
		for (uint32_t length = sizeof(handle) + 1; length; length *= 2) {
			setup();
			put_event(FAN_CREATE);
			start_record(types[i]);
			put_fid(5, length);
			end_record();
			assert_rejected(-EBADMSG);
		}
}

Test(decode_fid, rejects_a_handle_longer_than_the_kernel_makes_them)
{
	struct janus__observation seen;

	for (uint32_t length = MAX_HANDLE_SZ; length <= MAX_HANDLE_SZ + 4; length += 4) {
		setup();
		put_event(FAN_CREATE);
		start_record(FAN_EVENT_INFO_TYPE_FID);
		put_fid(5, length);
		while (used < record_at + FID_SIZE + 8 + length)
			put("x", 1);
		end_record();
		if (length > MAX_HANDLE_SZ)
			assert_rejected(-EBADMSG);
		else
			decode(&seen);
	}
	cr_assert_eq(seen.target.length, MAX_HANDLE_SZ);
}

Test(decode_fid, takes_an_inode_that_has_no_handle)
{
	struct janus__observation seen;

	put_event(FAN_FS_ERROR);
	start_record(FAN_EVENT_INFO_TYPE_FID);
	put_fid(5, 0);
	end_record();
	decode(&seen);
	cr_assert_eq(seen.target.length, 0);
}

Test(decode_fid, rejects_records_cut_anywhere)
{
	size_t whole, last;

	put_event(FAN_CREATE);
	put_record(FAN_EVENT_INFO_TYPE_DFID_NAME, 5, "name");
	last = used;
	put_record(FAN_EVENT_INFO_TYPE_FID, 6, NULL);
	whole = used;
	for (size_t length = last + 1; length < whole; length++) {
		/* First the event ends within the record, then the record with the event. */
		set_event_length(length);
		set_record_length(whole - last);
		assert_rejected(-EBADMSG);
		if (length - last >= HEADER_SIZE) {
			set_record_length(length - last);
			assert_rejected(-EBADMSG);
		}
	}
}

Test(decode_fid, rejects_a_record_shorter_than_its_header)
{
	for (size_t length = 0; length < HEADER_SIZE; length++) {
		setup();
		put_event(FAN_CREATE);
		put_record(99, 5, NULL);
		set_record_length(length);
		assert_rejected(-EBADMSG);
	}
}

Test(decode_fid, skips_records_of_other_kinds)
{
	const uint8_t types[] = {
		0, FAN_EVENT_INFO_TYPE_PIDFD, FAN_EVENT_INFO_TYPE_ERROR, 6, 11, 13, 255
	};
	struct janus__observation seen;

	put_event(FAN_CREATE);
	for (size_t i = 0; i < sizeof(types); i++) {
		start_record(types[i]);
		put("what it holds", i);
		end_record();
	}
	put_record(FAN_EVENT_INFO_TYPE_DFID_NAME, 5, "name");
	decode(&seen);
	cr_assert(is_fid(&seen.directory, 5));
	cr_assert_str_eq(seen.name, "name");
	cr_assert_eq(seen.target.length, 0);
}

Test(decode_fid, tells_the_mount_of_a_mount_event)
{
	const uint64_t id = 0x8000000123;
	struct janus__observation seen;

	put_event(FAN_MNT_ATTACH);
	start_record(FAN_EVENT_INFO_TYPE_MNT);
	put("\0\0\0", 4);
	put(&id, sizeof(id));
	end_record();
	decode(&seen);
	cr_assert_eq(seen.mask, FAN_MNT_ATTACH);
	cr_assert_eq(seen.mount_id, id);

	set_record_length(used - record_at - 1);
	set_event_length(used - event_at - 1);
	assert_rejected(-EBADMSG);
}

Test(decode_fid, an_overflow_has_no_records)
{
	struct janus__observation seen;

	put_event(FAN_Q_OVERFLOW);
	decode(&seen);
	cr_assert_eq(seen.mask, FAN_Q_OVERFLOW);
	cr_assert_eq(seen.directory.length, 0);
	cr_assert_null(seen.name);
}

Test(decode_fid, is_done_when_nothing_is_left)
{
	assert_rejected(0);
}

Test(decode_fid, rejects_short_or_lying_events)
{
	const size_t size = sizeof(struct fanotify_event_metadata);
	const size_t lies[] = { 0, 1, size - 1, size + 1, UINT32_MAX };

	put_event(FAN_CREATE);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		set_event_length(lies[i]);
		assert_rejected(-EBADMSG);
	}
	set_event_length(size);
	bytes[offsetof(struct fanotify_event_metadata, metadata_len)]++;
	assert_rejected(-EBADMSG);
	for (used = 1; used < size; used++)
		assert_rejected(-EBADMSG);
}

Test(decode_fid, rejects_another_version_of_the_format)
{
	put_event(FAN_CREATE);
	bytes[offsetof(struct fanotify_event_metadata, vers)]++;
	assert_rejected(-EPROTO);
}

Test(decode_fid, reads_bytes_at_any_address)
{
	unsigned char moved[sizeof(bytes) + 8];

	put_event(FAN_RENAME);
	put_record(FAN_EVENT_INFO_TYPE_OLD_DFID_NAME, 1, "from");
	put_record(FAN_EVENT_INFO_TYPE_NEW_DFID_NAME, 2, "to");
	for (size_t offset = 0; offset < 8; offset++) {
		struct janus__observation seen;

		memcpy(moved + offset, bytes, used);
		cr_assert_eq(janus__decode_fid(moved + offset, used, &seen), used);
		cr_assert(is_fid(&seen.old_directory, 1));
		cr_assert(is_fid(&seen.directory, 2));
		cr_assert_str_eq(seen.name, "to");
	}
}
