// SPDX-License-Identifier: MIT
/*
 * The template of records: what compiles, what is refused and how it is named, and that a
 * record stays one line whatever its values hold.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <string.h>

#include "template.h"

static const struct janus_tag tag_meal = { "meal", "lunch" };
static const struct janus_tag tag_empty = { "empty", NULL };
static const struct janus_tag tag_hostile = { "a\nb", "c,d='\\" };

static struct text line = TEXT_INIT(4096);

static struct template_values values(void)
{
	struct template_values values = {
		.text[VALUE_RESPONSE] = "DENY",
		.text[VALUE_EVENT] = "OPEN_PERM",
		.text[VALUE_FTYPE] = "file",
		.text[VALUE_PATH] = "/data/menu",
		.text[VALUE_POD] = "kitchen",
		.text[VALUE_NODE] = "node-1",
	};

	return values;
}

static const char *render_values(const char *format, const struct template_values *v)
{
	char error[TEMPLATE_ERROR_SIZE] = "";
	struct template *template = NULL;

	cr_assert_eq(template_compile(&template, format, error), 0, "%s", error);
	text_clear(&line);
	template_render(template, v, &line);
	template_destroy(template);
	return line.data ? line.data : "";
}

static const char *render(const char *format)
{
	struct template_values v = values();

	return render_values(format, &v);
}

static void refuses(const char *format, const char *named)
{
	char error[TEMPLATE_ERROR_SIZE] = "";
	struct template *template = (void *)error;

	cr_expect_eq(template_compile(&template, format, error), -EINVAL, "%s", format);
	cr_expect(strstr(error, named), "'%s' does not name '%s'", error, named);
	cr_expect_eq((void *)template, (void *)error, "the output was touched");
}

static void finish(void)
{
	text_done(&line);
}

TestSuite(template, .fini = finish);

Test(template, default_is_the_contracts)
{
	static const char *const formats[] = { NULL, "", "\n", "\r\n" };

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		cr_expect_str_eq(render(formats[i]),
				 "<DENY> OPEN_PERM file '/data/menu' (kitchen:node-1) ");
}

Test(template, renders_every_specifier)
{
	cr_expect_str_eq(render("{node}{pod}{path}{ftype}{event}{response}{tags}"),
			 "node-1kitchen/data/menufileOPEN_PERMDENY");
}

Test(template, repeats_a_specifier)
{
	cr_expect_str_eq(render("{pod} {pod}"), "kitchen kitchen");
}

Test(template, doubled_braces_are_braces)
{
	cr_expect_str_eq(render("{{{pod}}} {{}}"), "{kitchen} {}");
	cr_expect_str_eq(render("{{\"pod\":\"{pod}\"}}"), "{\"pod\":\"kitchen\"}");
}

Test(template, keeps_literals)
{
	cr_expect_str_eq(render("100% 'x' \\ \xc3\xa4 %s"), "100% 'x' \\ \xc3\xa4 %s");
}

Test(template, escapes_control_characters_of_literals)
{
	cr_expect_str_eq(render("a\nb\tc\x1b\xc2\x85\xe2\x80\xa8"),
			 "a\\nb\\tc\\x1b\\xc2\\x85\\xe2\\x80\\xa8");
}

Test(template, drops_line_feeds_at_the_end)
{
	cr_expect_str_eq(render("{pod}\r\n\n"), "kitchen");
}

Test(template, prints_tags_in_order)
{
	const struct janus_tag *tags[] = { &tag_meal, &tag_empty };
	struct template_values v = values();

	v.tags = tags;
	v.tag_count = 2;
	cr_expect_str_eq(render_values("{tags}", &v), "meal=lunch,empty=");
}

Test(template, tells_who_it_was_and_what_is_unknown)
{
	struct template_values v = values();

	cr_expect_str_eq(render_values("{pid} {nspid} {ppid} {comm} {exe} {uid} {gid} "
				       "{cgroup} {container} {runtime}",
				       &v),
			 "- - - - - - - - - -");
	v.text[VALUE_PID] = "77";
	v.text[VALUE_COMM] = "a\nb";
	v.text[VALUE_RUNTIME] = "docker";
	cr_expect_str_eq(render_values("{pid}|{comm}|{runtime}", &v), "77|a\\nb|docker");
}

Test(template, escapes_values)
{
	const struct janus_tag *tags[] = { &tag_hostile };
	struct template_values v = values();

	v.text[VALUE_PATH] = "/a\n<ALLOW> '\\\x7f\xff\xed\xa0\x80\xe2\x80\xae";
	v.text[VALUE_POD] = "p\r";
	v.text[VALUE_NODE] = "n\x1b[31m";
	v.tags = tags;
	v.tag_count = 1;
	cr_expect_str_eq(
		render_values("{path}|{pod}|{node}|{tags}", &v),
		"/a\\n<ALLOW> \\'\\\\\\x7f\\xff\\xed\\xa0\\x80\\xe2\\x80\\xae|p\\r|"
		"n\\x1b[31m|a\\nb=c,d=\\'\\\\");
}

Test(template, never_breaks_the_line)
{
	struct template_values v = values();
	char path[256];

	for (int i = 0; i < 255; i++)
		path[i] = (char)(i + 1);
	path[255] = '\0';
	v.text[VALUE_PATH] = path;
	for (const char *at = render_values("\x01\n{path}", &v); *at; at++)
		cr_expect((unsigned char)*at >= 0x20 && *at != 0x7f, "byte %d",
			  (unsigned char)*at);
}

Test(template, keeps_utf8_of_values)
{
	struct template_values v = values();

	v.text[VALUE_PATH] = "/\xc3\xa9t\xc3\xa9/\xe6\x97\xa5\xf0\x9f\x8d\xb2";
	cr_expect_str_eq(render_values("{path}", &v), v.text[VALUE_PATH]);
}

Test(template, names_unknown_specifiers)
{
	refuses("{nope}", "unknown specifier '{nope}'");
	refuses("{response} {Path}", "'{Path}'");
	refuses("{}", "'{}'");
	refuses("{path:>20}", "'{path:>20}'");
	refuses("{pat}", "'{pat}'");
	refuses("{paths}", "'{paths}'");
	refuses("{a\nb}", "'{a\\nb}'");
}

Test(template, names_unclosed_braces)
{
	refuses("text {path", "not closed");
	refuses("{", "not closed");
	refuses("{{{", "not closed");
	refuses("{path\n", "not closed");
	refuses("{pa{th}", "'{pa{th}'");
}

Test(template, names_unopened_braces)
{
	refuses("path} after", "' after'");
	refuses("}}}", "closed that was not opened");
}

Test(template, cuts_at_the_limit_of_the_line)
{
	struct text tight = TEXT_INIT(8);
	struct template_values v = values();
	char error[TEMPLATE_ERROR_SIZE];
	struct template *template;

	cr_assert_eq(template_compile(&template, "{path}{pod}", error), 0);
	template_render(template, &v, &tight);
	cr_expect_str_eq(tight.data, "/data/me");
	cr_expect(tight.cut);
	text_done(&tight);
	template_destroy(template);
}

Test(template, destroy_takes_null)
{
	template_destroy(NULL);
}
