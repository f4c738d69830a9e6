// SPDX-License-Identifier: MIT
#include "pattern.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <janus/watch.h>
#include <limits.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

TestSuite(pattern);

struct pair {
	const char *pattern;
	const char *path;
};

static void all_match(const struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cr_expect_null(janus__pattern_check(pairs[i].pattern), "%s",
			       pairs[i].pattern);
		cr_expect(janus__pattern_match(pairs[i].pattern, pairs[i].path),
			  "%s should match %s", pairs[i].pattern, pairs[i].path);
	}
}

static void none_matches(const struct pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cr_expect_null(janus__pattern_check(pairs[i].pattern), "%s",
			       pairs[i].pattern);
		cr_expect_not(janus__pattern_match(pairs[i].pattern, pairs[i].path),
			      "%s should not match %s", pairs[i].pattern, pairs[i].path);
	}
}

Test(pattern, literals_match_themselves_only)
{
	static const struct pair yes[] = {
		{ "/", "/" },           { "/etc/passwd", "/etc/passwd" },
		{ "a/b", "a/b" },       { "/a b\n\xff", "/a b\n\xff" },
		{ "//a///b/", "/a/b" },
	};
	static const struct pair no[] = {
		{ "/etc", "/" },
		{ "/", "/etc" },
		{ "/etc", "/etc/passwd" },
		{ "/etc/passwd", "/etc" },
		{ "/etc", "/etcetera" },
		{ "/etcetera", "/etc" },
		{ "/a", "a" },
		{ "a", "/a" },
		{ "/a", "/A" },
	};

	all_match(yes, COUNT(yes));
	none_matches(no, COUNT(no));
}

Test(pattern, a_star_stays_in_its_component)
{
	static const struct pair yes[] = {
		{ "/*", "/a" },      { "/*", "/.a" },
		{ "/a*", "/a" },     { "/*a", "/a" },
		{ "/*a", "/aaba" },  { "/a*b*c", "/a-b-b-c" },
		{ "/*/c", "/ab/c" }, { "/***", "/abc" },
		{ "/a**b", "/axb" }, { "/log/*.gz", "/log/.gz" },
	};
	static const struct pair no[] = {
		{ "/*", "/" },         { "/*", "/a/b" },       { "/a*", "/a/b" },
		{ "/*a", "/ab" },      { "/a*b*c", "/a-c-b" }, { "/*/*", "/a" },
		{ "/a**b", "/a/x/b" }, { "/***", "/a/b" },
	};

	all_match(yes, COUNT(yes));
	none_matches(no, COUNT(no));
}

Test(pattern, a_question_mark_is_one_byte)
{
	static const struct pair yes[] = {
		{ "/?", "/a" }, { "/a?c", "/abc" }, { "/??", "/\xc3\xa4" }, { "?", "\n" }
	};
	static const struct pair no[] = {
		{ "/?", "/" }, { "/?", "/ab" }, { "/a?c", "/a/c" }, { "/?", "/\xc3\xa4" }
	};

	all_match(yes, COUNT(yes));
	none_matches(no, COUNT(no));
}

Test(pattern, a_set_is_one_byte_of_it)
{
	static const struct pair yes[] = {
		{ "/[abc]", "/b" },
		{ "/[a-c]", "/b" },
		{ "/[!a-c]", "/d" },
		{ "/[^a-c]", "/d" },
		{ "/[]]", "/]" },
		{ "/[!]]", "/a" },
		{ "/[]a]", "/a" },
		{ "/[a-]", "/-" },
		{ "/[-a]", "/-" },
		{ "/[a-]", "/a" },
		{ "/[\\]]", "/]" },
		{ "/[a\\-c]", "/-" },
		{ "/[\\a-\\c]", "/b" },
		{ "/[a!]", "/!" },
		{ "/[a^]", "/^" },
		{ "/[*?[]", "/*" },
		{ "/[*?[]", "/[" },
		{ "/[a-a]", "/a" },
		{ "/[\x80-\xff]", "/\xc3" },
		{ "/*.[ch]", "/a.b.c" },
		{ "/[\\\\]", "/\\" },
	};
	static const struct pair no[] = {
		{ "/[abc]", "/d" },       { "/[a-c]", "/-" },    { "/[!a-c]", "/b" },
		{ "/[!a]b", "//b" },      { "/x[!a]y", "/x/y" }, { "/[a\\-c]", "/b" },
		{ "/[abc]", "/" },        { "/[abc]", "/ab" },   { "/[+-9]x", "//x" },
		{ "/[\x80-\xff]", "/a" },
	};

	all_match(yes, COUNT(yes));
	none_matches(no, COUNT(no));
}

Test(pattern, a_backslash_takes_the_meaning_away)
{
	static const struct pair yes[] = { { "/\\*", "/*" },     { "/\\?", "/?" },
					   { "/\\[a]", "/[a]" }, { "/\\\\", "/\\" },
					   { "/\\a", "/a" },     { "/\\**", "/*b" } };
	static const struct pair no[] = { { "/\\*", "/a" },      { "/\\?", "/a" },
					  { "/\\[a]", "/a" },    { "/\\\\", "/\\\\" },
					  { "/\\*\\*", "/a/b" }, { "/\\**", "/a/b" } };

	all_match(yes, COUNT(yes));
	none_matches(no, COUNT(no));
}

Test(pattern, two_stars_are_any_number_of_components)
{
	static const struct pair yes[] = {
		{ "/**", "/" },
		{ "/**", "/a" },
		{ "/**", "/a/b/c" },
		{ "/a/**", "/a" },
		{ "/a/**", "/a/b/c" },
		{ "/a/**/c", "/a/c" },
		{ "/a/**/c", "/a/b/c" },
		{ "/a/**/c", "/a/c/b/c" },
		{ "**/c", "c" },
		{ "**/c", "a/b/c" },
		{ "/**/**/a", "/a" },
		{ "/**/a/**", "/x/a/y" },
		{ "/**/a/b/**/c", "/a/x/a/b/c" },
		{ "/**/*", "/a" },
		{ "/**/a*/*b", "/ab/ab/b" },
	};
	static const struct pair no[] = {
		{ "/a/**", "/" },
		{ "/a/**", "/ab" },
		{ "/a/**", "/b/a" },
		{ "/a/**/c", "/a/b" },
		{ "/a/**/c", "/a/bc" },
		{ "/a/**/c", "/a" },
		{ "**/c", "/c" },
		{ "/**/*", "/" },
		{ "/**/a/b/**/c", "/a/x/b/c" },
		{ "/**/*/*", "/a" },
	};

	all_match(yes, COUNT(yes));
	none_matches(no, COUNT(no));
}

/* Each of these takes ages if every star is tried against every rest. */
Test(pattern, many_stars_do_not_blow_up, .timeout = 10)
{
	static char pattern[PATH_MAX], path[PATH_MAX];
	char *end = pattern;

	/* "/a*a*a*...b" against "/aaaa...". */
	memset(path, 'a', PATH_MAX - 1);
	path[0] = *end++ = '/';
	while (end < pattern + PATH_MAX - 3) {
		*end++ = 'a';
		*end++ = '*';
	}
	*end++ = 'b';
	*end = '\0';
	cr_assert_not(janus__pattern_match(pattern, path));
	end[-1] = 'a';
	cr_assert(janus__pattern_match(pattern, path));
}

Test(pattern, many_depths_do_not_blow_up, .timeout = 10)
{
	static char pattern[PATH_MAX], path[PATH_MAX];
	size_t length = 0;

	/* Two thousand components "a" against eight hundred times any depth and "a", then "b". */
	for (size_t i = 0; i + 2 < PATH_MAX; i += 2)
		memcpy(path + i, "/a", 3);
	for (; length + 8 < PATH_MAX; length += 5)
		memcpy(pattern + length, "/**/a", 6);
	memcpy(pattern + length, "/b", 3);
	cr_assert_not(janus__pattern_match(pattern, path));
	memcpy(pattern + length, "/a", 3);
	cr_assert(janus__pattern_match(pattern, path));
}

Test(pattern, many_sets_do_not_blow_up, .timeout = 10)
{
	static char pattern[PATH_MAX], path[PATH_MAX];
	size_t length = 1;

	memset(path, 'a', PATH_MAX - 1);
	path[0] = pattern[0] = '/';
	for (; length + 8 < PATH_MAX; length += 6)
		memcpy(pattern + length, "*[a-z]", 7);
	memcpy(pattern + length, "b", 2);
	cr_assert_not(janus__pattern_match(pattern, path));
}

Test(pattern, check_tells_what_is_wrong)
{
	static const struct pair wrong[] = {
		{ "", "the pattern is empty" },
		{ "/[", "a '[' without a ']'" },
		{ "/[]", "a '[' without a ']'" },
		{ "/[!]", "a '[' without a ']'" },
		{ "/[a-", "a '[' without a ']'" },
		{ "/[a\\", "a '[' without a ']'" },
		{ "/[a\\]", "a '[' without a ']'" },
		{ "/[a/b]", "a '/' between '[' and ']'" },
		{ "/[\\/]", "a '/' between '[' and ']'" },
		{ "/[--/]", "a '/' between '[' and ']'" },
		{ "/[c-a]", "a range that ends before it begins" },
		{ "/[[:alpha:]]", "classes like [:alpha:] are not known" },
		{ "/a\\", "a '\\' with nothing behind it" },
		{ "/a\\/b", "a '\\' before a '/'" },
	};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		const char *cause = janus__pattern_check(wrong[i].pattern);

		cr_assert_not_null(cause, "%s", wrong[i].pattern);
		cr_expect_str_eq(cause, wrong[i].path, "%s", wrong[i].pattern);
	}
}

Test(pattern, check_lets_the_rest_pass)
{
	static const char *const right[] = {
		"a",      "/",    "*",           "**",  "/**/", "]",      "!",   "-",
		"[]]",    "[!]]", "[a-]",        "[[]", "[:]",  "[\\[:]", "\\[", "\\\\",
		"[\\\\]", "\xff", "[\x01-\xff]", ".",   "..",   "a\n",
	};

	for (size_t i = 0; i < COUNT(right); i++)
		cr_expect_null(janus__pattern_check(right[i]), "%s", right[i]);
}

/* Nobody should ask, but nothing is read that is not there. */
Test(pattern, what_is_none_is_matched_without_harm)
{
	static const char *const wrong[] = { "",      "/[",    "/[]",    "/[!]", "/[a-",
					     "/[a\\", "/a\\",  "/[a/b]", "/[",   "/*[",
					     "/**/[", "/[[[[", "/\\/" };

	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct janus__entry_path entry = { "/a/b", 2, true };

		janus__pattern_match(wrong[i], "/a/[b");
		cr_expect_not(janus__pattern_ignores(&wrong[i], 1, &entry), "%s",
			      wrong[i]);
	}
	cr_assert(janus__pattern_match("/[a", "/[a"));
}

Test(pattern, programs_can_match)
{
	cr_expect_eq(janus_pattern_match("/data/**/x*", "/data/a/b/xy"), 1);
	cr_expect_eq(janus_pattern_match("/data/*", "/data/a/b"), 0);
	cr_expect_eq(janus_pattern_match("a/?", "a/b"), 1);
	cr_expect_null(janus_pattern_check("/data/[a-z]"));
}

Test(pattern, programs_are_told_what_is_no_pattern)
{
	cr_expect_eq(janus_pattern_match(NULL, "/data"), -EINVAL);
	cr_expect_eq(janus_pattern_match("/data", NULL), -EINVAL);
	cr_expect_eq(janus_pattern_match("", "/data"), -EINVAL);
	cr_expect_eq(janus_pattern_match("/data/[a", "/data/a"), -EINVAL);
	cr_expect_str_eq(janus_pattern_check("/data/[a"),
			 janus__pattern_check("/data/[a"));
	cr_expect_not_null(janus_pattern_check(""));
}

Test(pattern, knows_literals)
{
	static const char *const literal[] = { "/", "/etc/passwd", "a]", "", "/a-b!^" };
	static const char *const special[] = { "*", "/a?", "/[a]", "/a\\*", "/**/b" };

	for (size_t i = 0; i < COUNT(literal); i++)
		cr_expect(janus__pattern_is_literal(literal[i]), "%s", literal[i]);
	for (size_t i = 0; i < COUNT(special); i++)
		cr_expect_not(janus__pattern_is_literal(special[i]), "%s", special[i]);
}

static bool ignored(const char *pattern, const char *path, size_t root_length,
		    bool directory)
{
	struct janus__entry_path entry = { path, root_length, directory };

	return janus__pattern_ignores(&pattern, 1, &entry);
}

Test(pattern, ignores_names_at_any_depth)
{
	cr_expect(ignored("*.log", "/data/a.log", 5, false));
	cr_expect(ignored("*.log", "/data/x/y/a.log", 5, false));
	cr_expect(ignored("*.log", "/a.log", 1, false));
	cr_expect(ignored("**", "/data/a", 5, false));
	cr_expect_not(ignored("*.log", "/data/a.log.gz", 5, false));
	cr_expect_not(ignored("*.log", "/data/a.log/b", 5, false));
	cr_expect_not(ignored("data", "/data/a", 5, false));
}

Test(pattern, ignores_whole_paths)
{
	cr_expect(ignored("/data/*", "/data/a", 5, false));
	cr_expect(ignored("/**/cache", "/data/x/cache", 5, true));
	cr_expect(ignored("/proc", "/proc", 1, true));
	cr_expect_not(ignored("/a", "/data/a", 5, false));
	cr_expect_not(ignored("/data/*", "/data/a/b", 5, false));
}

Test(pattern, ignores_paths_below_the_root_of_the_tree)
{
	cr_expect(ignored("a/b", "/data/a/b", 5, false));
	cr_expect(ignored("a/*", "/a/b", 1, false));
	cr_expect(ignored("a/**", "/data/a", 5, true));
	cr_expect(ignored("**/b", "/data/b", 5, true));
	cr_expect_not(ignored("a/b", "/data/x/a/b", 5, false));
	cr_expect_not(ignored("a/b", "/data/a/b/c", 5, false));
	cr_expect_not(ignored("data/a", "/data/a", 5, false));
}

Test(pattern, ignores_only_directories_with_a_slash_at_the_end)
{
	cr_expect(ignored("tmp/", "/data/x/tmp", 5, true));
	cr_expect_not(ignored("tmp/", "/data/x/tmp", 5, false));
	cr_expect(ignored("/data/*/", "/data/x", 5, true));
	cr_expect_not(ignored("/data/*/", "/data/x", 5, false));
	cr_expect(ignored("x/tmp//", "/data/x/tmp", 5, true));
	cr_expect_not(ignored("x/tmp/", "/data/y/x/tmp", 5, true));
	cr_expect_not(ignored("/", "/data/x", 5, true));
}

Test(pattern, never_ignores_the_root_itself)
{
	cr_expect_not(ignored("data", "/data", 5, true));
	cr_expect_not(ignored("/data", "/data", 5, true));
	cr_expect_not(ignored("**", "/", 1, true));
	cr_expect_not(ignored("/**", "/", 1, true));
}

Test(pattern, any_of_several_patterns_will_do)
{
	static const char *const patterns[] = { "*.o", "/x/y", "z/" };
	const struct janus__entry_path first = { "/x/a.o", 2, false },
				       second = { "/x/y", 2, false },
				       third = { "/x/z", 2, true },
				       none = { "/x/z", 2, false };

	cr_expect(janus__pattern_ignores(patterns, COUNT(patterns), &first));
	cr_expect(janus__pattern_ignores(patterns, COUNT(patterns), &second));
	cr_expect(janus__pattern_ignores(patterns, COUNT(patterns), &third));
	cr_expect_not(janus__pattern_ignores(patterns, COUNT(patterns), &none));
	cr_expect_not(janus__pattern_ignores(patterns, 0, &first));
	cr_expect_not(janus__pattern_ignores(NULL, 0, &first));
}
