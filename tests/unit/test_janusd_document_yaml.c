// SPDX-License-Identifier: MIT
/*
 * YAML as trees: scalars by the core schema of YAML 1.2, nothing that JSON has not got, and each
 * mistake told with its place.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "document_yaml.h"

static struct faults faults;
static struct document_yaml documents;

static int parse(const char *yaml)
{
	const struct document_text text = { "f.yaml", yaml, strlen(yaml) };

	document_yaml_done(&documents);
	faults_done(&faults);
	faults = (struct faults)FAULTS_INIT;
	return document_parse_yaml(&documents, &text, &faults);
}

/* @json: the documents, one a line, keys as they came. */
static void gives(const char *yaml, const char *json)
{
	char whole[1024] = "";

	cr_assert_eq(parse(yaml), 0, "%s: %s", yaml, faults.lines.data);
	for (size_t i = 0; i < documents.count; i++) {
		char *line = json_dumps(documents.items[i].root,
					JSON_COMPACT | JSON_ENCODE_ANY);

		sprintf(whole + strlen(whole), "%s%s", i ? "\n" : "", line);
		free(line);
	}
	cr_expect_str_eq(whole, json);
}

static void refuses(const char *yaml, const char *line)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "f.yaml:%s\n", line);
	cr_expect_eq(parse(yaml), -1, "%s", yaml);
	cr_expect_str_eq(faults.lines.data ? faults.lines.data : "", whole);
}

static void done(void)
{
	document_yaml_done(&documents);
	faults_done(&faults);
}

TestSuite(document_yaml, .fini = done);

Test(document_yaml, takes_what_json_can_say)
{
	gives("a: 1\nb: [x, 'y', \"z\\n\"]\nc:\n- d: {e: f}\n- g\n",
	      "{\"a\":1,\"b\":[\"x\",\"y\",\"z\\n\"],\"c\":[{\"d\":{\"e\":\"f\"}},\"g\"]}");
	gives("{\"a\": [1, true, null]}", "{\"a\":[1,true,null]}");
	gives("a: |\n  two\n  lines\n", "{\"a\":\"two\\nlines\\n\"}");
}

Test(document_yaml, plain_scalars_follow_the_core_schema)
{
	gives("[null, Null, NULL, ~, ]", "[null,null,null,null]");
	gives("[true, True, TRUE, false, False, FALSE]",
	      "[true,true,true,false,false,false]");
	gives("[no, No, yes, on, off, y, n]",
	      "[\"no\",\"No\",\"yes\",\"on\",\"off\",\"y\",\"n\"]");
	gives("[0, -1, +2, 010, 0o17, 0xfF]", "[0,-1,2,10,15,255]");
	gives("[1.5, -2e1, .5]", "[1.5,-20.0,0.5]");
	gives("[1_000, 0b1, 1:30, 0x, 1.2.3, e5, '.', -, 2001-01-01, .inf, .nan]",
	      "[\"1_000\",\"0b1\",\"1:30\",\"0x\",\"1.2.3\",\"e5\",\".\",\"-\",\"2001-01-01\","
	      "\".inf\",\".nan\"]");
	gives("['1', \"true\", 'null', '']", "[\"1\",\"true\",\"null\",\"\"]");
}

Test(document_yaml, keys_are_text_whatever_they_look_like)
{
	gives("no: 1\n1: 2\ntrue: 3\n'': 4\n", "{\"no\":1,\"1\":2,\"true\":3,\"\":4}");
}

Test(document_yaml, takes_several_documents)
{
	gives("---\na: 1\n---\n# nothing\n---\nb: 2\n...\n", "{\"a\":1}\n{\"b\":2}");
	gives("", "");
	gives("# only a comment\n", "");
}

Test(document_yaml, refuses_what_json_has_not_got)
{
	refuses("a: &x 1\n", "1:4: an anchor; there are none here");
	refuses("a: *x\n", "1:4: an alias; there are none here");
	refuses("a:\n  - &x [1]\n", "2:5: an anchor; there are none here");
	refuses("*x : 1\n", "1:1: an alias; there are none here");
	refuses("&x a: 1\n", "1:1: a key with an anchor or a tag");
	refuses("a: !!str 1\n", "1:4: a tag; there are none here");
	refuses("a: !x {}\n", "1:4: a tag; there are none here");
	refuses("<<: {a: 1}\n", "1:1: a merge key; there are none here");
	refuses("? [a]\n: 1\n", "1:3: a key that is no scalar");
	refuses("a: 1\nb: 2\na: 3\n", "3:1: a key that stands there already");
	refuses("a: \"x\\0y\"\n", "1:4: holds a NUL");
	refuses("\"x\\0y\": 1\n", "1:1: a key that holds a NUL");
	refuses("a: 99999999999999999999\n", "1:4: is a number that is too large");
	refuses("a: 1e999\n", "1:4: is a number that is too large");
}

Test(document_yaml, tells_where_it_is_no_yaml)
{
	refuses("a: 1\n b: 2\n",
		"2:3: is no YAML: mapping values are not allowed in this context");
	cr_expect_eq(parse("a: [1\n"), -1);
	cr_expect_eq(parse("a: \"\xff\"\n"), -1);
	cr_expect_eq(parse("\xff\xfe"
			   "a"),
		     -1);
	cr_expect_eq(parse("a: \x01\n"), -1);
	cr_expect_eq(parse("\ta: 1\n"), -1);
}

Test(document_yaml, a_bomb_of_aliases_is_refused_at_its_first_anchor)
{
	refuses("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
		"1:4: an anchor; there are none here");
}

Test(document_yaml, bounds_depth_and_documents)
{
	char many[8 * (DOCUMENT_YAML_MOST + 2)] = "";
	char deep[200] = "";

	memset(deep, '[', 33);
	memset(deep + 33, ']', 33);
	refuses(deep, "1:33: more than 32 levels");
	memset(deep, '[', 150);
	cr_expect_eq(parse(deep), -1);
	for (int i = 0; i <= DOCUMENT_YAML_MOST; i++)
		strcat(many, "---\n1\n");
	refuses(many, "2001:1: more than 1000 documents");
}

Test(document_yaml, marks_each_value_in_order)
{
	const struct document_mark expected[] = { { 1, 1 },  { 1, 4 }, { 2, 4 }, { 2, 5 },
						  { 2, 10 }, { 4, 3 }, { 4, 6 } };

	cr_assert_eq(parse("a: 1\nb: [\"\xc3\xa4\", x]\nc:\n  d: y\n"), 0);
	cr_assert_eq(documents.items[0].mark_count, ARRAY_COUNT(expected));
	for (size_t i = 0; i < ARRAY_COUNT(expected); i++) {
		cr_expect_eq(documents.items[0].marks[i].line, expected[i].line);
		cr_expect_eq(documents.items[0].marks[i].column, expected[i].column,
			     "%zu: %u", i, documents.items[0].marks[i].column);
	}
}
