// SPDX-License-Identifier: MIT
/*
 * A record in each format, byte by byte: what it says, and what becomes of hostile bytes.
 */
#include <criterion/criterion.h>

#include <jansson.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "janusd_record.h"
#include "record_format.h"
#include "text_json.h"

static struct text out = TEXT_INIT(RECORD_MAX_BYTES);

static void start(void)
{
	text_clear(&out);
}

static void finish(void)
{
	text_done(&out);
}

TestSuite(record_format, .init = start, .fini = finish);

static json_t *parse(void)
{
	json_error_t error;
	json_t *json = json_loadb(out.data, out.length, JSON_REJECT_DUPLICATES, &error);

	cr_assert(json, "%s at %d: %s", error.text, error.position, out.data);
	cr_assert(text_is_utf8(out.data, out.length));
	cr_assert_eq(memchr(out.data, '\n', out.length), out.data + out.length - 1);
	return json;
}

static const char *string_at(json_t *json, const char *object, const char *key)
{
	return json_string_value(json_object_get(json_object_get(json, object), key));
}

Test(record_format, text_is_the_line)
{
	struct record record = make_record();

	record_text(&record, &out);
	cr_expect_str_eq(out.data, "<DENY> OPEN_PERM\n");
}

Test(record_format, text_says_how_many_were_folded)
{
	struct record record = make_record();

	record.count = 12;
	record_text(&record, &out);
	cr_expect_str_eq(out.data,
			 "<DENY> OPEN_PERM (12 times until 2023-11-14T22:13:20.123Z)\n");
}

Test(record_format, json_has_every_field)
{
	struct record record = make_record();

	record.generation = 3;
	record.tid = 78;
	record.text[RECORD_OLD_PATH] = "/data/old";
	record_json(&record, &out);
	cr_expect_str_eq(
		out.data,
		"{\"@timestamp\":\"2023-11-14T22:13:20.123456789Z\","
		"\"ecs\":{\"version\":\"8.11.0\"},"
		"\"event\":{\"kind\":\"alert\",\"category\":[\"file\"],"
		"\"type\":[\"access\",\"denied\"],\"action\":\"OPEN_PERM\","
		"\"outcome\":\"failure\",\"provider\":\"janusd\",\"sequence\":9},"
		"\"file\":{\"path\":\"/data/menu\",\"type\":\"file\"},"
		"\"process\":{\"pid\":77,\"thread\":{\"id\":78},\"parent\":{\"pid\":70},"
		"\"name\":\"cat\",\"executable\":\"/usr/bin/cat\"},"
		"\"user\":{\"id\":\"0\"},"
		"\"container\":{\"id\":\"c0ffee\",\"runtime\":\"runc\"},"
		"\"orchestrator\":{\"resource\":{\"name\":\"kitchen\"}},"
		"\"host\":{\"name\":\"node-1\"},\"labels\":{\"meal\":\"lunch\"},"
		"\"janus\":{\"schema\":1,\"verdict\":\"DENY\",\"reason\":\"rule\","
		"\"generation\":3,\"count\":1,\"guard\":\"recipes\","
		"\"old_path\":\"/data/old\",\"cgroup\":\"/kitchen\",\"inner_pid\":7}}\n");
	json_decref(parse());
}

Test(record_format, json_leaves_out_what_is_unknown)
{
	struct record record = { .count = 1, .uid = UINT32_MAX, .gid = UINT32_MAX };

	for (size_t i = 0; i < RECORD_STRING_COUNT; i++)
		record.text[i] = "";
	record.kind = JANUS_EVENT_MODIFY;
	record.file_type = JANUS_FILE_DIRECTORY;
	record_json(&record, &out);
	cr_expect_str_eq(
		out.data,
		"{\"@timestamp\":\"1970-01-01T00:00:00.000000000Z\","
		"\"ecs\":{\"version\":\"8.11.0\"},"
		"\"event\":{\"kind\":\"event\",\"category\":[\"file\"],"
		"\"type\":[\"change\"],\"action\":\"MODIFY\","
		"\"outcome\":\"success\",\"provider\":\"janusd\",\"sequence\":0},"
		"\"file\":{\"type\":\"dir\"},"
		"\"janus\":{\"schema\":1,\"verdict\":\"OBSERVED\",\"count\":1}}\n");
}

Test(record_format, json_keeps_bytes_that_are_no_text)
{
	struct record record = make_record();
	json_t *json;

	record.text[RECORD_PATH] = "/a\xff\n\"\\\x7f\xe2\x80\xae";
	record.tags[0] = (struct janus_tag){ "k\xfe", "v" };
	record.tags[1] = (struct janus_tag){ "k", "v\xfe" };
	record.tags[2] = (struct janus_tag){ "k", "twice" };
	record.tag_count = 3;
	record_json(&record, &out);
	cr_expect(strstr(out.data, "/a\xef\xbf\xbd\\u000a\\\"\\\\\\u007f\\u202e\""));
	json = parse();
	cr_expect_str_eq(string_at(json, "labels", "k"), "v\xef\xbf\xbd");
	cr_expect_eq(json_object_size(json_object_get(json, "labels")), 1);
	json_decref(json);
	cr_expect(strstr(out.data, "\"raw\":{\"file.path\":\"L2H/CiJcf+KArg==\","
				   "\"labels\":[{\"key\":\"a/4=\",\"value\":\"dg==\"},"
				   "{\"key\":\"aw==\",\"value\":\"dv4=\"}]}"),
		  "%s", out.data);
}

Test(record_format, json_is_whole_whatever_the_length)
{
	static char huge[100000];
	struct record record = make_record();
	json_t *json;

	memset(huge, 1, sizeof(huge) - 1);
	for (size_t i = 0; i < RECORD_LINE; i++)
		record.text[i] = huge;
	for (size_t i = 0; i < RECORD_TAGS_MAX; i++)
		record.tags[i] = (struct janus_tag){ huge + i, huge };
	record.tag_count = RECORD_TAGS_MAX;
	record_json(&record, &out);
	cr_expect_not(out.cut);
	json = parse();
	cr_expect(json_is_true(json_object_get(json_object_get(json, "janus"), "cut")));
	json_decref(json);
	huge[0] = (char)0xff;
	text_clear(&out);
	record_json(&record, &out);
	cr_expect_not(out.cut);
	json_decref(parse());
}

Test(record_format, json_cuts_between_characters)
{
	static char path[6000];
	struct record record = make_record();

	for (size_t i = 0; i + 3 < sizeof(path); i += 3)
		memcpy(path + i, "\xe2\x82\xac", 3);
	record.text[RECORD_PATH] = path;
	record_json(&record, &out);
	cr_expect_not(strstr(out.data, "\xef\xbf\xbd"));
	json_decref(parse());
}

/* What journald makes of it: the value of the field, or NULL. */
static const char *field(const char *name, size_t *length)
{
	const char *at = out.data;
	const char *end = out.data + out.length;
	size_t name_length = strlen(name);

	while (at < end) {
		const char *mark = at + strcspn(at, "=\n");
		bool is_it = (size_t)(mark - at) == name_length &&
			     !memcmp(at, name, name_length);
		uint64_t size;

		if (*mark == '=') {
			at = mark + 1;
			size = strcspn(at, "\n");
		} else {
			memcpy(&size, mark + 1, sizeof(size));
			at = mark + 1 + sizeof(size);
		}
		cr_assert_eq(at[size], '\n');
		*length = size;
		if (is_it)
			return at;
		at += size + 1;
	}
	return NULL;
}

static void expect_field(const char *name, const char *value)
{
	size_t length = 0;
	const char *found = field(name, &length);

	cr_assert(found, "%s", name);
	cr_expect(length == strlen(value) && !memcmp(found, value, length), "%s is %.*s",
		  name, (int)length, found);
}

Test(record_format, journal_has_a_field_for_each)
{
	struct record record = make_record();

	record.text[RECORD_PATH] = "/a\nMESSAGE=forged\n";
	record.tags[0].value = "l\nunch";
	record_journal(&record, &out);
	expect_field("MESSAGE", "<DENY> OPEN_PERM");
	expect_field("PRIORITY", "4");
	expect_field("SYSLOG_IDENTIFIER", "janusd");
	expect_field("JANUS_PATH", "/a\nMESSAGE=forged\n");
	expect_field("JANUS_TAG", "meal=l\nunch");
	expect_field("JANUS_GUARD", "recipes");
	expect_field("JANUS_TIME_USEC", "1700000000123456");
	expect_field("JANUS_INNER_PID", "7");
}

Test(record_format, syslog_is_what_the_rfc_says)
{
	struct record record = make_record();
	char expected[1024];

	record.text[RECORD_PATH] = "/a\"]\\\n\xff";
	record.text[RECORD_NODE] = "n 1\xc3\xa4";
	record_syslog(&record, &out);
	snprintf(expected, sizeof(expected),
		 "<28>1 2023-11-14T22:13:20.123456Z n?1?? janusd %d OPEN_PERM "
		 "[janus@32473 schema=\"1\" verdict=\"DENY\" reason=\"rule\" "
		 "event=\"OPEN_PERM\" fileType=\"file\" sequence=\"9\" count=\"1\" "
		 "pid=\"77\" innerPid=\"7\" parentPid=\"70\" uid=\"0\" "
		 "path=\"/a\\\"\\]\\\\\\\\\\\\n\\\\xff\" guard=\"recipes\" "
		 "pod=\"kitchen\" node=\"n 1\xc3\xa4\" comm=\"cat\" "
		 "exe=\"/usr/bin/cat\" cgroup=\"/kitchen\" containerId=\"c0ffee\" "
		 "containerRuntime=\"runc\" tag=\"meal=lunch\"] "
		 "\xef\xbb\xbf<DENY> OPEN_PERM",
		 (int)getpid());
	cr_expect_str_eq(out.data, expected);
}

Test(record_format, loss_is_told_by_cause)
{
	struct record_loss loss = { .drops = { .queue = 3, .rate = 4, .error = 5 },
				    .error = 28, /* ENOSPC */
				    .node = "node-1" };

	record_text_loss(&loss, &out);
	cr_expect_str_eq(out.data,
			 "janusd: warning: 12 records were dropped: 3 found no room in "
			 "the queue, 4 were above the rate, 5 could not be written (No "
			 "space left on device)\n");
	text_clear(&out);
	record_json_loss(&loss, &out);
	json_decref(parse());
	cr_expect(strstr(out.data, "\"dropped\":{\"queue\":3,\"rate\":4,\"error\":5}"));
	text_clear(&out);
	record_journal_loss(&loss, &out);
	expect_field("JANUS_DROPPED_RATE", "4");
	text_clear(&out);
	record_syslog_loss(&loss, &out);
	cr_expect(strstr(out.data, "droppedError=\"5\"] \xef\xbb\xbf"
				   "12 records"));
}

Test(record_format, base64_is_that_of_the_rfc)
{
	static const char *const pairs[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "\xff\xfe\xfd", "//79" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		text_clear(&out);
		text_base64(&out, pairs[i][0], strlen(pairs[i][0]));
		cr_expect_str_eq(out.data ? out.data : "", pairs[i][1]);
	}
}

Test(record_format, time_before_the_epoch)
{
	char when[RECORD_TIME_SIZE];

	cr_expect_str_eq(record_time(when, -1, 9), "1969-12-31T23:59:59.999999999Z");
	cr_expect_str_eq(record_time(when, 1999999999, 3), "1970-01-01T00:00:01.999Z");
}
