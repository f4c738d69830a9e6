// SPDX-License-Identifier: MIT
/*
 * Owns what a pattern means. Both levels, bytes of a component and components of a path, are
 * matched in the same way: what stands behind the last star is tried one further to the right
 * whenever it fails. Earlier stars never need another try, for they took as little as they
 * could; so each byte of a pattern meets each byte of a path at most once.
 */
#include "pattern.h"

#include <errno.h>
#include <string.h>

#include <janus/watch.h>

#define SPECIAL_BYTES "*?[\\"

/* A piece of a pattern or of a path. */
struct text {
	const char *at;
	const char *end;
};

static struct text text_of(const char *string)
{
	return (struct text){ string, string + strlen(string) };
}

/* The next component of what is left; false: there is none. */
static bool take_component(struct text *left, struct text *ret)
{
	const char *slash;

	while (left->at < left->end && *left->at == '/')
		left->at++;
	if (left->at == left->end)
		return false;
	slash = memchr(left->at, '/', (size_t)(left->end - left->at));
	ret->at = left->at;
	ret->end = slash ? slash : left->end;
	left->at = ret->end;
	return true;
}

static bool is_absolute(struct text text)
{
	return text.at < text.end && *text.at == '/';
}

static bool is_any_depth(struct text component)
{
	return component.end - component.at == 2 && component.at[0] == '*' &&
	       component.at[1] == '*';
}

static unsigned char take_byte(struct text *left)
{
	if (*left->at == '\\' && left->end - left->at > 1)
		left->at++;
	return (unsigned char)*left->at++;
}

static bool is_negation(char byte)
{
	return byte == '!' || byte == '^';
}

/* Behind "[": moves behind "]"; false and unmoved if there is none. */
static bool take_set(struct text *left, unsigned char byte, bool *ret_in_set)
{
	struct text set = *left;
	bool negated, found = false;
	const char *first;

	negated = set.at < set.end && is_negation(*set.at);
	set.at += negated;
	first = set.at;
	while (set.at < set.end && (*set.at != ']' || set.at == first)) {
		unsigned char low = take_byte(&set), high = low;

		if (set.end - set.at > 1 && set.at[0] == '-' && set.at[1] != ']') {
			set.at++;
			high = take_byte(&set);
		}
		found |= low <= byte && byte <= high;
	}
	if (set.at == set.end)
		return false;
	left->at = set.at + 1;
	*ret_in_set = found != negated;
	return true;
}

/* Takes one item of a pattern that is no star. */
static bool match_byte(struct text *pattern, char byte)
{
	bool in_set;

	switch (*pattern->at) {
	case '?':
		pattern->at++;
		return true;
	case '[':
		pattern->at++;
		if (take_set(pattern, (unsigned char)byte, &in_set))
			return in_set;
		return byte == '[';
	default:
		return take_byte(pattern) == (unsigned char)byte;
	}
}

static bool match_component(struct text pattern, struct text name)
{
	struct text behind_star = { NULL, NULL };
	const char *tried = NULL;

	while (name.at < name.end) {
		if (pattern.at < pattern.end && *pattern.at == '*') {
			pattern.at++;
			behind_star = pattern;
			tried = name.at;
		} else if (pattern.at < pattern.end && match_byte(&pattern, *name.at)) {
			name.at++;
		} else if (tried) {
			pattern = behind_star;
			name.at = ++tried;
		} else {
			return false;
		}
	}
	while (pattern.at < pattern.end && *pattern.at == '*')
		pattern.at++;
	return pattern.at == pattern.end;
}

static bool match_path(struct text pattern, struct text path)
{
	struct text behind_star = { NULL, NULL }, tried = { NULL, NULL };

	for (;;) {
		struct text next_pattern = pattern, next_path = path, want, have;
		bool wanted = take_component(&next_pattern, &want);

		if (wanted && is_any_depth(want)) {
			behind_star = pattern = next_pattern;
			tried = path;
			continue;
		}
		/* No other try could help: all of them leave less of the path. */
		if (!take_component(&next_path, &have))
			return !wanted;
		if (wanted && match_component(want, have)) {
			pattern = next_pattern;
			path = next_path;
			continue;
		}
		if (!tried.at)
			return false;
		take_component(&tried, &have);
		pattern = behind_star;
		path = tried;
	}
}

/* One byte of a set, or why there is none. */
static const char *check_set_byte(const char **at, unsigned char *ret)
{
	if (**at == '\\')
		++*at;
	if (**at == '\0')
		return "a '[' without a ']'";
	if (**at == '/')
		return "a '/' between '[' and ']'";
	*ret = (unsigned char)*(*at)++;
	return NULL;
}

/* Behind "[": moves behind "]". */
static const char *check_set(const char **at)
{
	const char *first = *at += is_negation(**at), *cause;

	while (**at != ']' || *at == first) {
		unsigned char low, high;

		/* Elsewhere a class; here it would be a set of its letters, silently. */
		if (strncmp(*at, "[:", 2) == 0)
			return "classes like [:alpha:] are not known";
		cause = check_set_byte(at, &low);
		if (cause)
			return cause;
		if (**at != '-' || (*at)[1] == ']')
			continue;
		++*at;
		cause = check_set_byte(at, &high);
		if (cause)
			return cause;
		if (high < low)
			return "a range that ends before it begins";
	}
	++*at;
	return NULL;
}

const char *janus__pattern_check(const char *pattern)
{
	const char *cause = NULL;

	if (*pattern == '\0')
		return "the pattern is empty";
	while (*pattern && !cause) {
		char byte = *pattern++;

		if (byte == '[')
			cause = check_set(&pattern);
		else if (byte == '\\' && *pattern == '\0')
			cause = "a '\\' with nothing behind it";
		else if (byte == '\\' && *pattern++ == '/')
			cause = "a '\\' before a '/'";
	}
	return cause;
}

bool janus__pattern_is_literal(const char *pattern)
{
	return pattern[strcspn(pattern, SPECIAL_BYTES)] == '\0';
}

bool janus__pattern_match(const char *pattern, const char *path)
{
	struct text wanted = text_of(pattern), had = text_of(path);

	return is_absolute(wanted) == is_absolute(had) && match_path(wanted, had);
}

static bool ignores(const char *string, const struct janus__entry_path *entry)
{
	struct text pattern = text_of(string), path = text_of(entry->path);
	const char *name = strrchr(entry->path, '/');

	while (pattern.end > pattern.at && pattern.end[-1] == '/') {
		if (!entry->directory)
			return false;
		pattern.end--;
	}
	if (is_absolute(pattern))
		return match_path(pattern, path);
	if (memchr(pattern.at, '/', (size_t)(pattern.end - pattern.at)))
		path.at += entry->root_length;
	else
		path.at = name ? name + 1 : path.at;
	return match_path(pattern, path);
}

bool janus__pattern_ignores(const char *const *patterns, size_t count,
			    const struct janus__entry_path *entry)
{
	/* What a path names itself is not below it. */
	if (strlen(entry->path) <= entry->root_length)
		return false;
	for (size_t i = 0; i < count; i++)
		if (ignores(patterns[i], entry))
			return true;
	return false;
}

const char *janus_pattern_check(const char *pattern)
{
	return janus__pattern_check(pattern);
}

int janus_pattern_match(const char *pattern, const char *path)
{
	if (!pattern || !path || janus__pattern_check(pattern))
		return -EINVAL;
	return janus__pattern_match(pattern, path);
}
