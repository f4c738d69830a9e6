// SPDX-License-Identifier: MIT
#include "json.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNTOUCHED 0x5555u

static uint64_t number;

/* In memory that ends where the text does, so that a sanitizer sees every byte too many. */
static int find_in(const char *text, size_t length, const char *key)
{
	char *copy = malloc(length + !length);
	int err;

	memcpy(copy, text, length);
	number = UNTOUCHED;
	err = janus__json_number(copy, length, key, &number);
	free(copy);
	cr_assert(!err || number == UNTOUCHED);
	return err;
}

static int find(const char *text, const char *key)
{
	return find_in(text, strlen(text), key);
}

static void expect_number(const char *text, uint64_t wanted)
{
	cr_assert_eq(find(text, "pid"), 0, "%s", text);
	cr_assert_eq(number, wanted, "%s", text);
}

Test(json, finds_a_number_wherever_it_stands)
{
	expect_number("{\"pid\":1}", 1);
	expect_number(" \t\r\n{ \"pid\" : 42 , \"x\":0}\n", 42);
	expect_number("{\"x\":null,\"y\":[1,{\"z\":true}],\"pid\":7}", 7);
	expect_number("{\"x\":-1.5e+3,\"y\":\"\",\"z\":{},\"pid\":0}", 0);
	expect_number("{\"pid\":18446744073709551615}", UINT64_MAX);
}

Test(json, what_stands_behind_it_is_not_looked_at)
{
	expect_number("{\"pid\":1", 1);
	expect_number("{\"pid\":1,", 1);
	expect_number("{\"pid\":1,\"pid\":2}", 1);
}

Test(json, a_key_inside_of_something_else_is_not_meant)
{
	static const char *const texts[] = {
		"{}",
		"{\"x\":{\"pid\":1}}",
		"{\"x\":[\"pid\",1]}",
		"{\"x\":\"\\\"pid\\\":1\"}",
		"{\"x\":\"pid\",\"y\":1}",
		"{\"pidx\":1,\"pi\":2,\"Pid\":3,\"\":4}",
		"{\"x\":\"\\\\\",\"y\":\"pid\"}",
		"{\"p\\u0069d\":1}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(find(texts[i], "pid"), -ENODATA, "%s", texts[i]);
}

Test(json, another_value_is_no_number)
{
	static const char *const texts[] = {
		"{\"pid\":\"1\"}", "{\"pid\":-1}",   "{\"pid\":1.0}",
		"{\"pid\":1e3}",   "{\"pid\":null}", "{\"pid\":[1]}",
		"{\"pid\":{}}",    "{\"pid\":+1}",   "{\"pid\":18446744073709551616}",
		"{\"pid\":true}",  "{\"pid\":\"\"}", "{\"pid\":99999999999999999999}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(find(texts[i], "pid"), -ENODATA, "%s", texts[i]);
}

Test(json, what_is_none_is_refused)
{
	static const char *const texts[] = {
		"",
		" ",
		"{",
		"[\"pid\",1]",
		"\"pid\"",
		"1",
		"{\"pid\"}",
		"{\"pid\" 1}",
		"{\"pid\":}",
		"{\"pid\":,}",
		"{pid:1}",
		"{,\"pid\":1}",
		"{\"x\":1 \"pid\":1}",
		"{\"x\":1,}",
		"{\"x\":1",
		"{\"x\":[1}",
		"{\"x\":{1]}",
		"{\"x\":]}",
		"{\"x\":\"",
		"{\"x\":\"\\",
		"{\"x\":\"\n\"}",
		"{\"x\":\"\t\",\"pid\":1}",
		"{\"x\":#,\"pid\":1}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_eq(find(texts[i], "pid"), -EBADMSG, "%s", texts[i]);
}

Test(json, a_nul_is_no_space_and_no_word)
{
	static const char before[] = "\0{\"pid\":1}";
	static const char between[] = "{\"x\":\0,\"pid\":1}";
	static const char behind[] = "{\"pid\":1\0}";

	cr_assert_eq(find_in(before, sizeof(before) - 1, "pid"), -EBADMSG);
	cr_assert_eq(find_in(between, sizeof(between) - 1, "pid"), -EBADMSG);
	cr_assert_eq(find_in(behind, sizeof(behind) - 1, "pid"), 0);
	cr_assert_eq(number, 1);
}

Test(json, is_refused_wherever_it_is_cut)
{
	static const char text[] =
		"{\"x\":[{\"y\":\"\\u0041\\\"\"},null],\"z\":{\"pid\":2},\"pid\":3}";

	for (size_t length = 0; length < sizeof(text) - 2; length++)
		cr_assert_eq(find_in(text, length, "pid"), -EBADMSG, "%zu", length);
	cr_assert_eq(find(text, "pid"), 0);
	cr_assert_eq(number, 3);
}

/* "{"x":[[[...]]],"pid":5}" with that many brackets. */
static int find_below(size_t depth)
{
	char text[512];
	size_t used = (size_t)sprintf(text, "{\"x\":");

	memset(text + used, '[', depth);
	memset(text + used + depth, ']', depth);
	strcpy(text + used + 2 * depth, ",\"pid\":5}");
	return find(text, "pid");
}

Test(json, nests_so_deep_and_no_deeper)
{
	cr_assert_eq(find_below(64), 0);
	cr_assert_eq(number, 5);
	cr_assert_eq(find_below(65), -EBADMSG);
}
