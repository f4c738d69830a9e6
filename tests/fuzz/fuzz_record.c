// SPDX-License-Identifier: MIT
/*
 * A record with any bytes in its strings and tags, in each format: JSON is JSON, all of it but
 * journald's is UTF-8, journald's has as many fields as it should, and nobody's bytes become
 * somebody else's field or line.
 */
#include <jansson.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "record_format.h"
#include "text_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TAG_WORDS 8

static void check(bool condition)
{
	if (!condition)
		abort();
}

/* Words that end with a NUL: the record's strings, then its tags. */
static void fill(struct record *record, char *text, size_t size)
{
	char *words[RECORD_LINE + TAG_WORDS];
	char *end = text + size;

	for (size_t i = 0; i < RECORD_LINE + TAG_WORDS; i++) {
		words[i] = text;
		text += text < end ? strlen(text) + 1 : 0;
		if (text > end)
			text = end;
	}
	for (size_t i = 0; i < RECORD_LINE; i++)
		record->text[i] = words[i];
	record->text[RECORD_LINE] = "line";
	for (size_t i = 0; i < TAG_WORDS; i += 2)
		record->tags[i / 2] = (struct janus_tag){ words[RECORD_LINE + i],
							  words[RECORD_LINE + i + 1] };
	record->tag_count = TAG_WORDS / 2;
}

static void check_json(const struct record *record, struct text *out)
{
	json_t *json;

	record_json(record, out);
	check(!out->cut && out->length && out->data[out->length - 1] == '\n');
	check(memchr(out->data, '\n', out->length) == out->data + out->length - 1);
	check(text_is_utf8(out->data, out->length));
	json = json_loadb(out->data, out->length, JSON_REJECT_DUPLICATES, NULL);
	check(json != NULL);
	json_decref(json);
}

static size_t count_fields(const struct text *out)
{
	const char *at = out->data;
	const char *end = out->data + out->length;
	size_t count = 0;

	while (at < end) {
		size_t name = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
		uint64_t length;

		check(name > 0);
		at += name;
		if (*at == '=') {
			length = strcspn(++at, "\n");
		} else {
			check(*at == '\n' && end - at > (ptrdiff_t)sizeof(length));
			memcpy(&length, at + 1, sizeof(length));
			at += 1 + sizeof(length);
		}
		check(length < (size_t)(end - at) && at[length] == '\n');
		at += length + 1;
		count++;
	}
	return count;
}

static void check_journal(const struct record *record, struct text *out)
{
	size_t expected = 13 + record->tag_count; /* 13: numbers and words of our own */

	for (size_t i = 0; i < RECORD_LINE; i++)
		expected += *record->text[i] != '\0';
	record_journal(record, out);
	check(!out->cut && count_fields(out) == expected);
}

/* Between the quotes of parameters there is a bracket only behind a backslash. */
static void check_syslog(const struct record *record, struct text *out)
{
	const char *at;
	bool quoted = false;

	record_syslog(record, out);
	check(!out->cut && text_is_utf8(out->data, out->length));
	at = strchr(out->data, '[');
	for (; *at && (quoted || *at != ']'); at++) {
		check((unsigned char)*at >= ' ' && *at != 0x7f);
		if (quoted && *at == '\\')
			at++;
		else if (*at == '"')
			quoted = !quoted;
	}
	check(!strcmp(at, "] \xef\xbb\xbfline"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record record = { .kind = JANUS_EVENT_OPEN,
				 .verdict = JANUS_VERDICT_DENY,
				 .reason = JANUS_REASON_RULE,
				 .count = 1,
				 .pid = 1,
				 .gid = UINT32_MAX };
	struct text out = TEXT_INIT((size_t)4 << 20);
	struct record *copy;
	char *text = calloc(1, size + 1);

	check(text != NULL);
	memcpy(text, data, size);
	fill(&record, text, size);
	check_json(&record, &out);
	text_clear(&out);
	check_journal(&record, &out);
	text_clear(&out);
	check_syslog(&record, &out);
	copy = record_copy(&record);
	check(copy && record_is_same(copy, &record) &&
	      record_hash(copy) == record_hash(&record));
	free(copy);
	text_done(&out);
	free(text);
	return 0;
}
