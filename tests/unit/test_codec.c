// SPDX-License-Identifier: MIT
/*
 * Bytes to messages: that honest bytes survive the way there and back, that hostile ones
 * are refused and the field is named, and that memory ends where the budget does.
 */
#include <criterion/criterion.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "janus.pb-c.h"

#define CONFIG &janus__janusd_config__descriptor

static struct status status;

static int unpack(struct codec_message *message, const void *data, size_t size)
{
	const struct wire_bytes bytes = { data, size };

	memset(message, 0, sizeof(*message));
	memset(&status, 0, sizeof(status));
	message->budget_bytes = CODEC_BUDGET_BYTES;
	return codec_unpack(message, CONFIG, bytes, &status);
}

static void refuses(const void *data, size_t size, const char *named)
{
	struct codec_message message;

	cr_expect_eq(unpack(&message, data, size), -1);
	cr_expect_eq(status.code, STATUS_INVALID_ARGUMENT);
	cr_expect(strstr(status.message, named), "'%s' does not name '%s'",
		  status.message, named);
	cr_expect_null(message.message);
	cr_expect_eq(message.used_bytes, 0, "%zu bytes were kept", message.used_bytes);
}

/* Bytes with their number, without the NUL at the end. */
#define REFUSES(bytes, named) refuses(bytes, sizeof(bytes) - 1, named)

/* A config with every field, three levels deep. */
static uint8_t *make_config(size_t *ret_size)
{
	Janus__JanusGuardSubject__TagsEntry tag =
		JANUS__JANUS_GUARD_SUBJECT__TAGS_ENTRY__INIT;
	Janus__JanusGuardSubject__TagsEntry *tags[] = { &tag };
	Janus__JanusGuardSubject subject = JANUS__JANUS_GUARD_SUBJECT__INIT;
	Janus__JanusGuardSubject *subjects[] = { &subject, &subject };
	Janus__JanusdConfig config = JANUS__JANUSD_CONFIG__INIT;
	char *paths[] = { "/data/menu", "/\xc3\xa9" };
	char *events[] = { "open" };
	int32_t pids[] = { 1, 70000 };

	tag.key = "meal";
	tag.value = "lunch";
	subject.n_allow = 2;
	subject.allow = paths;
	subject.n_event = 1;
	subject.event = events;
	subject.audit = true;
	subject.n_tags = 1;
	subject.tags = tags;
	config.name = "guard";
	config.podname = "kitchen";
	config.n_pid = 2;
	config.pid = pids;
	config.n_subject = 2;
	config.subject = subjects;
	config.logformat = "{path}";
	return codec_pack(&config.base, ret_size);
}

Test(codec, what_is_packed_is_unpacked)
{
	struct codec_message message;
	const Janus__JanusdConfig *config;
	size_t size;
	uint8_t *bytes = make_config(&size);

	cr_assert_eq(unpack(&message, bytes, size), 0, "%s", status.message);
	free(bytes);
	config = (const void *)message.message;
	cr_expect_str_eq(config->name, "guard");
	cr_expect_str_eq(config->nodename, "");
	cr_expect_eq(config->pid[1], 70000);
	cr_assert_eq(config->n_subject, 2);
	cr_expect_str_eq(config->subject[1]->allow[1], "/\xc3\xa9");
	cr_expect(config->subject[0]->audit);
	cr_expect_str_eq(config->subject[0]->tags[0]->value, "lunch");
	cr_expect_gt(message.used_bytes, 0);
	codec_done(&message);
	cr_expect_eq(message.used_bytes, 0);
	codec_done(&message);
}

Test(codec, no_bytes_are_an_empty_message)
{
	struct codec_message message;

	cr_assert_eq(unpack(&message, "", 0), 0);
	cr_expect_str_eq(((Janus__JanusdConfig *)(void *)message.message)->name, "");
	codec_done(&message);
}

Test(codec, unknown_fields_are_passed_over)
{
	/* 99: text, 98: varint, 97: fixed64, 96: fixed32; then name */
	static const char bytes[] = "\x9a\x06\x01x\x90\x06\x05\x89\x06"
				    "12345678"
				    "\x85\x06"
				    "1234"
				    "\x0a\x01n";
	struct codec_message message;

	cr_assert_eq(unpack(&message, bytes, sizeof(bytes) - 1), 0, "%s", status.message);
	cr_expect_str_eq(((Janus__JanusdConfig *)(void *)message.message)->name, "n");
	codec_done(&message);
}

Test(codec, names_text_with_a_nul)
{
	REFUSES("\x0a\x03"
		"a\0b",
		"name: the text holds a NUL");
	REFUSES("\x1a\x01\0", "podName: the text holds a NUL");
	REFUSES("\x2a\x01x\x2a\x02y\0", "cid[1]: the text holds a NUL");
	/* The last one of a field counts, but none of them may be bad. */
	REFUSES("\x0a\x01\0\x0a\x01n", "name: the text holds a NUL");
}

Test(codec, names_text_that_is_no_utf8)
{
	REFUSES("\x0a\x01\xff", "name: the text is not UTF-8");
	REFUSES("\x12\x02\xc0\xaf", "nodeName: the text is not UTF-8");
	REFUSES("\x3a\x03\xed\xa0\x80", "logFormat: the text is not UTF-8");
	REFUSES("\x0a\x04\xf4\x90\x80\x80", "name: the text is not UTF-8");
	REFUSES("\x0a\x02\xe2\x82", "name: the text is not UTF-8");
	REFUSES("\x32\x00\x32\x05\x0a\x00\x12\x01\x80", "subject[1].deny[0]: the text");
	REFUSES("\x32\x05\x3a\x03\x0a\x01\x80", "subject[0].tags[0].key: the text");
	REFUSES("\x32\x07\x3a\x00\x3a\x03\x12\x01\x80",
		"subject[0].tags[1].value: the text");
}

Test(codec, takes_the_ends_of_utf8)
{
	static const char *const texts[] = {
		"\x7f",         "\xc2\x80",         "\xdf\xbf",
		"\xe0\xa0\x80", "\xed\x9f\xbf",     "\xee\x80\x80",
		"\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char bytes[16] = { '\x0a', (char)strlen(texts[i]) };
		struct codec_message message;

		strcpy(bytes + 2, texts[i]);
		cr_expect_eq(unpack(&message, bytes, 2 + strlen(texts[i])), 0, "%zu", i);
		codec_done(&message);
	}
}

Test(codec, refuses_bytes_that_are_no_message)
{
	REFUSES("\x0a", "request");      /* no length */
	REFUSES("\x0a\x05n", "request"); /* a length beyond the end */
	REFUSES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "request");
	REFUSES("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "request");
	REFUSES("\x02\x00", "request");                     /* field number 0 */
	REFUSES("\x0b\x0c", "request");                     /* a group */
	REFUSES("\x0f\x00", "request");                     /* no such wire type */
	REFUSES("\x08", "request");                         /* a varint without end */
	REFUSES("\x09\x01\x02", "request");                 /* a short fixed64 */
	REFUSES("\x32\x02\x0a\x05", "subject[0]");          /* inside a message */
	REFUSES("\x08\x05", "name: the bytes are no text"); /* another type */
	REFUSES("\x30\x05", "subject[0]: the bytes are no message");
}

Test(codec, every_cut_is_refused_or_shorter)
{
	size_t size;
	uint8_t *bytes = make_config(&size);

	for (size_t length = 0; length < size; length++) {
		/* Exactly so long, for a sanitizer to see a read beyond it. */
		uint8_t *cut = malloc(length + 1);
		struct codec_message message;

		memcpy(cut, bytes, length);
		if (!unpack(&message, cut, length))
			codec_done(&message);
		cr_expect_eq(message.used_bytes, 0, "cut at %zu", length);
		free(cut);
	}
	free(bytes);
}

Test(codec, every_changed_byte_is_survived)
{
	size_t size;
	uint8_t *bytes = make_config(&size);

	for (size_t at = 0; at < size; at++) {
		uint8_t old = bytes[at];

		for (int value = 0; value < 256; value++) {
			struct codec_message message;

			bytes[at] = (uint8_t)value;
			if (!unpack(&message, bytes, size))
				codec_done(&message);
			cr_assert_eq(message.used_bytes, 0, "byte %zu is %d", at, value);
		}
		bytes[at] = old;
	}
	free(bytes);
}

Test(codec, every_budget_ends_in_a_message_or_an_error)
{
	size_t size, needed = 0;
	uint8_t *data = make_config(&size);
	const struct wire_bytes bytes = { data, size };

	for (size_t budget = 0; !needed; budget++) {
		struct codec_message message = { .budget_bytes = budget };

		cr_assert_lt(budget, 100000);
		if (!codec_unpack(&message, CONFIG, bytes, &status)) {
			needed = budget;
			codec_done(&message);
		} else {
			cr_expect_eq(status.code, STATUS_RESOURCE_EXHAUSTED);
			cr_expect_null(message.message);
		}
		cr_assert_eq(message.used_bytes, 0, "budget %zu", budget);
	}
	cr_expect_gt(needed, size);
	free(data);
}

Test(codec, a_flood_of_empty_entries_ends_at_the_budget)
{
	size_t size = 1 << 20;
	uint8_t *flood = malloc(size);
	struct codec_message message;

	for (size_t i = 0; i < size; i += 2)
		memcpy(flood + i, "\x32\x00", 2); /* an empty subject */
	cr_expect_eq(unpack(&message, flood, size), -1);
	cr_expect_eq(status.code, STATUS_RESOURCE_EXHAUSTED);
	cr_expect_eq(message.used_bytes, 0);
	free(flood);
}

Test(codec, check_alone_keeps_nothing)
{
	const struct wire_bytes good = { (const uint8_t *)"\x0a\x01n", 3 };
	const struct wire_bytes bad = { (const uint8_t *)"\x0a\x01\xff", 3 };

	cr_expect_eq(codec_check(CONFIG, good, &status), 0);
	cr_expect_eq(codec_check(CONFIG, bad, &status), -1);
}
