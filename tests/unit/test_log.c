// SPDX-License-Identifier: MIT
#include "log.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static char heard[2048];
static uint32_t heard_level;
static unsigned int heard_count;

static void hear(void *userdata, uint32_t level, const char *message)
{
	cr_assert_eq(userdata, heard);
	snprintf(heard, sizeof(heard), "%s", message);
	heard_level = level;
	heard_count++;
}

static const char *escape(const char *text)
{
	static char buf[256];
	const char *got = janus__escape(buf, sizeof(buf), text);

	cr_assert_eq(got, buf);
	return got;
}

TestSuite(log);

Test(log, leaves_printable_text_alone)
{
	cr_assert_str_eq(escape("/var/log/a b~!\"%"), "/var/log/a b~!\"%");
	cr_assert_str_eq(escape(""), "");
}

Test(log, escapes_what_would_break_a_line_or_a_quote)
{
	cr_assert_str_eq(escape("a\nb\tc\rd\\e'f"), "a\\nb\\tc\\rd\\\\e\\'f");
	cr_assert_str_eq(escape("\x1b[31m\x7f"), "\\x1b[31m\\x7f");
	cr_assert_str_eq(escape("\xc3\xa4\xff"), "\\xc3\\xa4\\xff");
}

Test(log, escapes_every_byte_to_printable_ascii)
{
	for (int byte = 1; byte < 256; byte++) {
		const char text[] = { (char)byte, '\0' };
		const char *got = escape(text);

		cr_assert_geq(strlen(got), 1);
		for (; *got; got++)
			cr_assert(*got >= 0x20 && *got < 0x7f, "byte %d", byte);
	}
}

Test(log, cuts_what_does_not_fit_and_says_so)
{
	const char *const text = "0123456789\n\x01";

	for (size_t size = 8; size < 20; size++) {
		char buf[24], whole[64];
		size_t length;

		memset(buf, '#', sizeof(buf));
		janus__escape(whole, sizeof(whole), text);
		janus__escape(buf, size, text);
		length = strnlen(buf, sizeof(buf));
		cr_assert_lt(length, size);
		for (size_t i = size; i < sizeof(buf); i++)
			cr_assert_eq(buf[i], '#', "size %zu", size);
		if (strcmp(buf, whole) == 0)
			continue;
		cr_assert_str_eq(buf + length - 3, "...", "size %zu", size);
		cr_assert_eq(strncmp(buf, whole, length - 3), 0, "size %zu", size);
	}
}

Test(log, never_cuts_an_escape_in_half)
{
	char buf[8];

	janus__escape(buf, sizeof(buf), "ab\x01\x02\x03");
	cr_assert_str_eq(buf, "ab...");
}

Test(log, says_a_line_with_its_level)
{
	const struct janus__log log = { hear, heard, JANUS_LOG_INFO };

	janus__log(&log, JANUS_LOG_WARNING, "%s %d", "no", 7);
	cr_assert_eq(heard_count, 1);
	cr_assert_eq(heard_level, JANUS_LOG_WARNING);
	cr_assert_str_eq(heard, "no 7");
}

Test(log, says_nothing_less_urgent_than_wanted)
{
	const struct janus__log log = { hear, heard, JANUS_LOG_WARNING };

	janus__log(&log, JANUS_LOG_INFO, "x");
	janus__log(&log, JANUS_LOG_DEBUG, "x");
	cr_assert_eq(heard_count, 0);
	janus__log(&log, JANUS_LOG_WARNING, "x");
	janus__log(&log, JANUS_LOG_ERROR, "x");
	cr_assert_eq(heard_count, 2);
}

Test(log, says_nothing_without_a_hook)
{
	const struct janus__log log = { NULL, heard, JANUS_LOG_DEBUG };

	janus__log(&log, JANUS_LOG_ERROR, "x");
	cr_assert_eq(heard_count, 0);
}

Test(log, cuts_a_line_that_is_too_long)
{
	const struct janus__log log = { hear, heard, JANUS_LOG_DEBUG };
	char text[1500];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	janus__log(&log, JANUS_LOG_ERROR, "%s", text);
	cr_assert_eq(strlen(heard), 1023);
}
