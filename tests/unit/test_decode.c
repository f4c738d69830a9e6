// SPDX-License-Identifier: MIT
#include "decode.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include <janus/types.h>

#include "kernel.h"

static struct fanotify_event_metadata metadata(void)
{
	return (struct fanotify_event_metadata){
		.event_len = sizeof(struct fanotify_event_metadata),
		.vers = FANOTIFY_METADATA_VERSION,
		.metadata_len = sizeof(struct fanotify_event_metadata),
		.mask = FAN_OPEN_PERM,
		.fd = 11,
		.pid = 22,
	};
}

TestSuite(decode);

Test(decode, takes_one_event_off_the_front)
{
	const struct fanotify_event_metadata given[2] = { metadata(), metadata() };
	struct janus__kernel_event event;

	cr_assert_eq(janus__decode(given, sizeof(given), &event), sizeof(given[0]));
	cr_assert_eq(event.fd, 11);
	cr_assert_eq(event.pid, 22);
	cr_assert_eq(event.mask, FAN_OPEN_PERM);
}

Test(decode, is_done_when_nothing_is_left)
{
	struct janus__kernel_event event = { .fd = 4711 };

	cr_assert_eq(janus__decode("", 0, &event), 0);
	cr_assert_eq(event.fd, 4711);
}

Test(decode, rejects_a_short_event_of_any_length)
{
	const struct fanotify_event_metadata given = metadata();
	struct janus__kernel_event event = { .fd = 4711 };

	for (size_t length = 1; length < sizeof(given); length++)
		cr_assert_eq(janus__decode(&given, length, &event), -EBADMSG);
	cr_assert_eq(event.fd, 4711);
}

Test(decode, rejects_an_event_that_lies_about_its_length)
{
	const uint32_t lies[] = { 0, 1, sizeof(struct fanotify_event_metadata) - 1,
				  sizeof(struct fanotify_event_metadata) + 1,
				  UINT32_MAX };

	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct fanotify_event_metadata given = metadata();
		struct janus__kernel_event event = { .fd = 4711 };

		given.event_len = lies[i];
		cr_assert_eq(janus__decode(&given, sizeof(given), &event), -EBADMSG);
		cr_assert_eq(event.fd, 4711);
	}
}

Test(decode, rejects_another_length_of_the_metadata)
{
	struct fanotify_event_metadata given[2] = { metadata(), metadata() };
	struct janus__kernel_event event;

	given[0].metadata_len = sizeof(given[0]) - 1;
	cr_assert_eq(janus__decode(given, sizeof(given), &event), -EBADMSG);
	given[0].metadata_len = sizeof(given);
	given[0].event_len = sizeof(given);
	cr_assert_eq(janus__decode(given, sizeof(given), &event), -EBADMSG);
}

Test(decode, rejects_another_version_of_the_format)
{
	struct fanotify_event_metadata given = metadata();
	struct janus__kernel_event event;

	given.vers = FANOTIFY_METADATA_VERSION + 1;
	cr_assert_eq(janus__decode(&given, sizeof(given), &event), -EPROTO);
	given.vers = 0;
	given.event_len = 0;
	cr_assert_eq(janus__decode(&given, sizeof(given), &event), -EPROTO);
}

Test(decode, steps_over_records_behind_the_metadata)
{
	struct fanotify_event_metadata given[3] = { metadata() };
	struct janus__kernel_event event;

	given[0].event_len = 2 * sizeof(given[0]);
	given[2] = metadata();
	given[2].fd = 33;
	cr_assert_eq(janus__decode(given, sizeof(given), &event), 2 * sizeof(given[0]));
	cr_assert_eq(janus__decode(given + 2, sizeof(given[0]), &event),
		     sizeof(given[0]));
	cr_assert_eq(event.fd, 33);
}

Test(decode, reads_bytes_at_any_address)
{
	char bytes[sizeof(struct fanotify_event_metadata) + 8];
	const struct fanotify_event_metadata given = metadata();

	for (size_t offset = 0; offset < 8; offset++) {
		struct janus__kernel_event event;

		memcpy(bytes + offset, &given, sizeof(given));
		cr_assert_eq(janus__decode(bytes + offset, sizeof(given), &event),
			     sizeof(given));
		cr_assert_eq(event.pid, 22);
	}
}

Test(decode, hands_an_errno_in_place_of_an_fd_on)
{
	struct fanotify_event_metadata given = metadata();
	struct janus__kernel_event event;

	given.fd = -EMFILE;
	cr_assert_eq(janus__decode(&given, sizeof(given), &event), sizeof(given));
	cr_assert_eq(event.fd, -EMFILE);
}

Test(decode, names_every_permission_kind)
{
	cr_assert_eq(janus__decode_kind(FAN_OPEN_PERM), JANUS_EVENT_OPEN);
	cr_assert_eq(janus__decode_kind(FAN_ACCESS_PERM), JANUS_EVENT_ACCESS);
	cr_assert_eq(janus__decode_kind(FAN_OPEN_EXEC_PERM), JANUS_EVENT_EXEC);
	cr_assert_eq(janus__decode_kind(FAN_OPEN_PERM | FAN_ONDIR), JANUS_EVENT_OPEN);
}

Test(decode, names_the_most_telling_of_several_kinds)
{
	cr_assert_eq(janus__decode_kind(FAN_OPEN_PERM | FAN_OPEN_EXEC_PERM),
		     JANUS_EVENT_EXEC);
	cr_assert_eq(janus__decode_kind(FAN_OPEN_PERM | FAN_ACCESS_PERM),
		     JANUS_EVENT_OPEN);
}

Test(decode, knows_no_other_kind)
{
	cr_assert_eq(janus__decode_kind(0), 0);
	cr_assert_eq(janus__decode_kind(FAN_OPEN | FAN_MODIFY | FAN_Q_OVERFLOW), 0);
}

Test(decode, kinds_survive_the_way_to_the_kernel_and_back)
{
	cr_assert_eq(janus__encode_kinds(0), 0);
	for (uint32_t kinds = 1; kinds <= JANUS_EVENT_ALL_PERMISSION; kinds++) {
		uint64_t mask = janus__encode_kinds(kinds);
		uint32_t back = 0;

		for (uint64_t bit = 1; bit; bit <<= 1)
			back |= janus__decode_kind(mask & bit);
		cr_assert_eq(back, kinds);
	}
	cr_assert_eq(janus__encode_kinds(JANUS_EVENT_GAP), 0);
}
