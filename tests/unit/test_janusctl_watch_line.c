// SPDX-License-Identifier: MIT
#include "watch_line.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <janus/types.h>

/* 2026-01-02T03:04:05.000006007Z */
#define TIME_NS INT64_C(1767323045000006007)

static char line[64 * 1024];

static void setup(void)
{
	setenv("TZ", "UTC", 1);
}

TestSuite(janusctl_watch_line, .init = setup);

static struct watch_line created(const char *path)
{
	return (struct watch_line){ .time_ns = TIME_NS,
				    .kind = JANUS_EVENT_CREATE,
				    .file_type = JANUS_FILE_REGULAR,
				    .pid = 4711,
				    .path = path,
				    .old_path = "",
				    .exe = "/usr/bin/touch" };
}

/* The line, terminated, without its line feed. */
static const char *format(bool json, const struct watch_line *event)
{
	struct watch_format way;
	size_t bound, length;

	watch_format_init(&way, json);
	bound = watch_format_bound(&way, event);
	cr_assert_lt(bound, sizeof(line));
	memset(line, '#', sizeof(line));
	length = (size_t)(watch_format_put(&way, line, event) - line);
	cr_assert_leq(length, bound, "%zu bytes in room for %zu", length, bound);
	cr_assert_eq(line[length - 1], '\n');
	cr_assert_eq(line[length], '#');
	line[length - 1] = '\0';
	cr_assert_null(strchr(line, '\n'));
	for (size_t i = 0; i < length - 1; i++)
		cr_assert(line[i] >= ' ' && line[i] <= '~', "byte %d",
			  (unsigned char)line[i]);
	return line;
}

static void assert_text(const struct watch_line *event, const char *expected)
{
	cr_assert_str_eq(format(false, event), expected);
}

/* The object; the caller gives it back. */
static json_t *object(const struct watch_line *event)
{
	json_error_t why;
	json_t *json = json_loads(format(true, event), JSON_REJECT_DUPLICATES, &why);

	cr_assert_not_null(json, "%s: %s", why.text, line);
	return json;
}

static void assert_field(const json_t *json, const char *name, const char *expected)
{
	const char *value = json_string_value(json_object_get(json, name));

	cr_assert_not_null(value, "%s", name);
	cr_assert_str_eq(value, expected);
}

static void assert_path(const char *path, const char *text, const char *json_path,
			const char *bytes)
{
	struct watch_line event = created(path);
	char expected[256];
	json_t *json;

	snprintf(expected, sizeof(expected), "03:04:05.000006 CREATE,file %s", text);
	assert_text(&event, expected);
	json = object(&event);
	assert_field(json, "path", json_path);
	cr_assert_eq(json_object_get(json, "path_bytes") != NULL, bytes != NULL);
	if (bytes)
		assert_field(json, "path_bytes", bytes);
	json_decref(json);
}

Test(janusctl_watch_line, an_object_is_written_to_the_letter)
{
	struct watch_line event = created("/srv/a");

	cr_assert_str_eq(format(true, &event),
			 "{\"time\":\"2026-01-02T03:04:05.000006007Z\","
			 "\"event\":\"create\",\"path\":\"/srv/a\",\"old_path\":null,"
			 "\"ftype\":\"file\",\"pid\":4711,\"exe\":\"/usr/bin/touch\"}");
}

Test(janusctl_watch_line, what_is_not_known_is_null)
{
	struct watch_line event = created("");
	json_t *json;

	event.pid = 0;
	event.exe = NULL;
	json = object(&event);
	cr_assert(json_is_null(json_object_get(json, "path")));
	cr_assert(json_is_null(json_object_get(json, "old_path")));
	cr_assert(json_is_null(json_object_get(json, "pid")));
	cr_assert(json_is_null(json_object_get(json, "exe")));
	cr_assert_eq(json_object_size(json), 7);
	json_decref(json);
	assert_text(&event, "03:04:05.000006 CREATE,file ?");
}

Test(janusctl_watch_line, each_kind_has_its_name)
{
	static const struct {
		uint32_t kind;
		const char *text;
		const char *json;
	} cases[] = {
		{ JANUS_EVENT_CREATE, "CREATE", "create" },
		{ JANUS_EVENT_MODIFY, "MODIFY", "modify" },
		{ JANUS_EVENT_CLOSE_WRITE, "CLOSE_WRITE", "close_write" },
		{ JANUS_EVENT_ATTRIB, "ATTRIB", "attrib" },
		{ JANUS_EVENT_DELETE, "DELETE", "delete" },
		{ JANUS_EVENT_RENAME, "RENAME", "rename" },
		{ JANUS_EVENT_OPEN, "OPEN", "open" },
		{ JANUS_EVENT_ACCESS, "ACCESS", "access" },
		{ JANUS_EVENT_EXEC, "EXEC", "exec" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct watch_line event = created("/a");
		char expected[64];
		json_t *json;

		event.kind = cases[i].kind;
		snprintf(expected, sizeof(expected), "03:04:05.000006 %s,file /a",
			 cases[i].text);
		assert_text(&event, expected);
		json = object(&event);
		assert_field(json, "event", cases[i].json);
		json_decref(json);
	}
}

Test(janusctl_watch_line, each_type_has_its_name)
{
	static const char *const names[] = {
		[JANUS_FILE_OTHER] = "other",
		[JANUS_FILE_REGULAR] = "file",
		[JANUS_FILE_DIRECTORY] = "directory",
		[JANUS_FILE_SYMLINK] = "symlink",
	};

	for (uint32_t type = 0; type < sizeof(names) / sizeof(names[0]); type++) {
		struct watch_line event = created("/a");
		char expected[64];
		json_t *json;

		event.file_type = type;
		snprintf(expected, sizeof(expected), "03:04:05.000006 CREATE,%s /a",
			 names[type]);
		assert_text(&event, expected);
		json = object(&event);
		assert_field(json, "ftype", names[type]);
		json_decref(json);
	}
}

Test(janusctl_watch_line, a_rename_has_both_paths)
{
	struct watch_line event = created("/srv/new");
	json_t *json;

	event.kind = JANUS_EVENT_RENAME;
	event.old_path = "/srv/old";
	assert_text(&event, "03:04:05.000006 RENAME,file /srv/old -> /srv/new");
	json = object(&event);
	assert_field(json, "path", "/srv/new");
	assert_field(json, "old_path", "/srv/old");
	json_decref(json);
}

Test(janusctl_watch_line, an_arrow_in_a_path_is_no_separator)
{
	struct watch_line event = created("/c>d->e");

	event.kind = JANUS_EVENT_RENAME;
	event.old_path = "/a -> /b ->";
	assert_text(&event, "03:04:05.000006 RENAME,file /a -\\x3e /b -\\x3e -> /c>d->e");
}

Test(janusctl_watch_line, a_gap_tells_how_many_and_why)
{
	struct watch_line event = { .time_ns = TIME_NS,
				    .kind = JANUS_EVENT_GAP,
				    .error = -ENOBUFS,
				    .lost = UINT64_MAX,
				    .path = "",
				    .old_path = "" };
	json_t *json;

	assert_text(&event, "03:04:05.000006 GAP,lost=18446744073709551615 "
			    "events came faster than they were printed");
	event.lost = 12;
	json = object(&event);
	assert_field(json, "event", "gap");
	assert_field(json, "error", "events came faster than they were printed");
	cr_assert_eq(json_integer_value(json_object_get(json, "lost")), 12);
	cr_assert(json_is_null(json_object_get(json, "path")));
	cr_assert(json_is_null(json_object_get(json, "ftype")));
	json_decref(json);
}

Test(janusctl_watch_line, a_full_queue_has_no_number)
{
	struct watch_line event = { .time_ns = TIME_NS,
				    .kind = JANUS_EVENT_GAP,
				    .error = -EOVERFLOW,
				    .path = "",
				    .old_path = "" };
	json_t *json;

	assert_text(&event, "03:04:05.000006 GAP,lost=? the kernel's queue was full");
	json = object(&event);
	cr_assert(json_is_null(json_object_get(json, "lost")));
	json_decref(json);
}

Test(janusctl_watch_line, a_gap_tells_what_is_not_covered)
{
	struct watch_line event = { .time_ns = TIME_NS,
				    .kind = JANUS_EVENT_GAP,
				    .error = -ENOSPC,
				    .path = "/srv/new\n",
				    .old_path = "" };
	json_t *json;

	assert_text(&event, "03:04:05.000006 GAP,lost=0 /srv/new\\n: "
			    "the kernel's limit of marks is reached");
	json = object(&event);
	assert_field(json, "path", "/srv/new\n");
	cr_assert_eq(json_integer_value(json_object_get(json, "lost")), 0);
	json_decref(json);
}

Test(janusctl_watch_line, hostile_paths_stay_in_their_line)
{
	assert_path("/a\nGAP", "/a\\nGAP", "/a\nGAP", NULL);
	assert_path("/a\"b'c", "/a\"b'c", "/a\"b'c", NULL);
	assert_path("/a\\x", "/a\\\\x", "/a\\x", NULL);
	assert_path("/\t\r\x1b[m\x7f", "/\\t\\r\\x1b[m\\x7f", "/\t\r\x1b[m\x7f", NULL);
	assert_path("/a b", "/a b", "/a b", NULL);
	assert_path("/{\"},{", "/{\"},{", "/{\"},{", NULL);
}

Test(janusctl_watch_line, characters_survive)
{
	/* The first and the last of each length; controls and right-to-left marks, too. */
	assert_path("/\xc2\x80\xdf\xbf", "/\\xc2\\x80\\xdf\\xbf", "/\xc2\x80\xdf\xbf",
		    NULL);
	assert_path("/\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
		    "/\\xe0\\xa0\\x80\\xed\\x9f\\xbf\\xee\\x80\\x80\\xef\\xbf\\xbf",
		    "/\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", NULL);
	assert_path("/\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
		    "/\\xf0\\x90\\x80\\x80\\xf4\\x8f\\xbf\\xbf",
		    "/\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", NULL);
	assert_path("/\xe2\x80\xae", "/\\xe2\\x80\\xae", "/\xe2\x80\xae", NULL);
}

#define BAD "\xef\xbf\xbd"

Test(janusctl_watch_line, what_is_no_utf8_comes_with_its_bytes)
{
	assert_path("/\xff", "/\\xff", "/" BAD, "2fff");
	assert_path("/\x80x", "/\\x80x", "/" BAD "x", "2f8078");
	/* Overlong, a surrogate, too large. */
	assert_path("/\xc0\xaf", "/\\xc0\\xaf", "/" BAD BAD, "2fc0af");
	assert_path("/\xe0\x9f\xbf", "/\\xe0\\x9f\\xbf", "/" BAD BAD BAD, "2fe09fbf");
	assert_path("/\xf0\x8f\xbf\xbf", "/\\xf0\\x8f\\xbf\\xbf", "/" BAD BAD BAD BAD,
		    "2ff08fbfbf");
	assert_path("/\xed\xa0\x80", "/\\xed\\xa0\\x80", "/" BAD BAD BAD, "2feda080");
	assert_path("/\xf4\x90\x80\x80", "/\\xf4\\x90\\x80\\x80", "/" BAD BAD BAD BAD,
		    "2ff4908080");
	/* Cut off: by the end, by another byte, by another character. */
	assert_path("/\xe2\x82", "/\\xe2\\x82", "/" BAD BAD, "2fe282");
	assert_path("/\xf0\x90/\xc3\xa9", "/\\xf0\\x90/\\xc3\\xa9",
		    "/" BAD BAD "/\xc3\xa9", "2ff0902fc3a9");
	assert_path("/\xc3\n", "/\\xc3\\n", "/" BAD "\n", "2fc30a");
}

Test(janusctl_watch_line, every_path_has_its_own_bytes)
{
	struct watch_line event = created("/new");
	json_t *json;

	event.old_path = "/\xff";
	event.exe = "/\xfe (deleted)";
	json = object(&event);
	cr_assert_null(json_object_get(json, "path_bytes"));
	assert_field(json, "old_path_bytes", "2fff");
	assert_field(json, "exe", "/" BAD " (deleted)");
	assert_field(json, "exe_bytes", "2ffe202864656c6574656429");
	json_decref(json);
}

/* Fills @path with names of 255 such bytes, up to what a path can have. */
static void fill(char path[PATH_MAX], char byte)
{
	memset(path, byte, PATH_MAX - 1);
	path[PATH_MAX - 1] = '\0';
	for (size_t i = 0; i < PATH_MAX - 1; i += 256)
		path[i] = '/';
}

Test(janusctl_watch_line, the_longest_paths_have_room)
{
	static const char bytes[] = "a\n\x01\x7f\xff\xc3\"\\>";
	static char path[PATH_MAX];

	for (size_t i = 0; bytes[i]; i++) {
		struct watch_line event = created(path);

		fill(path, bytes[i]);
		event.old_path = path;
		format(false, &event);
		event.old_path = "";
		event.exe = NULL;
		format(true, &event);
		cr_assert(strstr(line, "\"pid\":4711"));
	}
}

Test(janusctl_watch_line, a_long_name_is_not_cut)
{
	char path[258] = "/";
	char expected[512];
	struct watch_line event;

	memset(path + 1, 'n', 255);
	event = created(path);
	snprintf(expected, sizeof(expected), "03:04:05.000006 CREATE,file %s", path);
	assert_text(&event, expected);
}

Test(janusctl_watch_line, a_second_is_not_mistaken_for_another)
{
	static const struct {
		int64_t time_ns;
		const char *json;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000000000Z", "00:00:00.000000" },
		{ 999999999, "1970-01-01T00:00:00.999999999Z", "00:00:00.999999" },
		{ 1000000000, "1970-01-01T00:00:01.000000000Z", "00:00:01.000000" },
		{ -1, "1969-12-31T23:59:59.999999999Z", "23:59:59.999999" },
		{ TIME_NS, "2026-01-02T03:04:05.000006007Z", "03:04:05.000006" },
		{ INT64_MAX, "2262-04-11T23:47:16.854775807Z", "23:47:16.854775" },
	};
	struct watch_format json, text;

	watch_format_init(&json, true);
	watch_format_init(&text, false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct watch_line event = created("/a");

		event.time_ns = cases[i].time_ns;
		watch_format_put(&json, line, &event);
		cr_assert_eq(strncmp(line + strlen("{\"time\":\""), cases[i].json, 30), 0,
			     "%.60s", line);
		watch_format_put(&text, line, &event);
		cr_assert_eq(strncmp(line, cases[i].text, 15), 0, "%.60s", line);
	}
}

Test(janusctl_watch_line, people_read_local_time)
{
	struct watch_line event = created("/a");
	json_t *json;

	setenv("TZ", "XYZ-5:30", 1);
	assert_text(&event, "08:34:05.000006 CREATE,file /a");
	json = object(&event);
	assert_field(json, "time", "2026-01-02T03:04:05.000006007Z");
	json_decref(json);
}
