// SPDX-License-Identifier: MIT
/*
 * A pattern, a NUL, a path, both any bytes: what is matched is what a plain table of all
 * positions against all positions says.
 */
#include "pattern.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 96

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One item of a component: a star, or the bytes that it stands for. */
struct item {
	bool star;
	bool bytes[256];
};

struct list {
	char text[TEXT_MAX];
	char *components[TEXT_MAX];
	size_t count;
};

static void check(bool condition)
{
	if (!condition)
		abort();
}

static void split(struct list *ret, const char *text)
{
	char *rest = NULL;

	memcpy(ret->text, text, strlen(text) + 1);
	ret->count = 0;
	for (char *part = strtok_r(ret->text, "/", &rest); part;
	     part = strtok_r(NULL, "/", &rest))
		ret->components[ret->count++] = part;
}

static const char *read_set(struct item *item, const char *at)
{
	bool negated = *at == '!' || *at == '^';
	const char *first = at + negated;

	for (at = first; *at != ']' || at == first; at++) {
		unsigned low, high;

		at += *at == '\\';
		low = high = (unsigned char)*at;
		if (at[1] == '-' && at[2] != ']') {
			at += 2;
			at += *at == '\\';
			high = (unsigned char)*at;
		}
		for (unsigned byte = low; byte <= high; byte++)
			item->bytes[byte] = true;
	}
	for (size_t byte = 0; negated && byte < 256; byte++)
		item->bytes[byte] = !item->bytes[byte];
	return at + 1;
}

/* Of a pattern that passed the check. */
static size_t read_items(struct item *items, const char *at)
{
	size_t count = 0;

	memset(items, 0, TEXT_MAX * sizeof(*items));
	while (*at) {
		struct item *item = &items[count++];
		char byte = *at++;

		if (byte == '*') {
			item->star = true;
		} else if (byte == '?') {
			memset(item->bytes, true, sizeof(item->bytes));
		} else if (byte == '[') {
			at = read_set(item, at);
		} else {
			if (byte == '\\')
				byte = *at++;
			item->bytes[(unsigned char)byte] = true;
		}
	}
	return count;
}

static bool model_component(const char *pattern, const char *name)
{
	static struct item items[TEXT_MAX];
	static bool fits[TEXT_MAX + 1][TEXT_MAX + 1];
	size_t count = read_items(items, pattern), length = strlen(name);

	for (size_t i = 0; i <= count; i++) {
		for (size_t j = 0; j <= length; j++) {
			bool fit = i == 0 && j == 0;

			if (i && items[i - 1].star)
				fit = fits[i - 1][j] || (j && fits[i][j - 1]);
			else if (i && j)
				fit = fits[i - 1][j - 1] &&
				      items[i - 1].bytes[(unsigned char)name[j - 1]];
			fits[i][j] = fit;
		}
	}
	return fits[count][length];
}

/* Whether the first i of the pattern fit all of the path; for each i. */
static void model_path(bool *ret, const struct list *pattern, const struct list *path)
{
	static bool fits[TEXT_MAX + 1][TEXT_MAX + 1];

	for (size_t i = 0; i <= pattern->count; i++) {
		const char *want = i ? pattern->components[i - 1] : "";
		bool any = strcmp(want, "**") == 0;

		for (size_t j = 0; j <= path->count; j++) {
			bool fit = i == 0 && j == 0;

			if (any)
				fit = fits[i - 1][j] || (j && fits[i][j - 1]);
			else if (i && j)
				fit = fits[i - 1][j - 1] &&
				      model_component(want, path->components[j - 1]);
			fits[i][j] = fit;
		}
		ret[i] = fits[i][path->count];
	}
}

static void compare(const char *pattern, const char *path)
{
	static struct list patterns, paths;
	bool fits[TEXT_MAX + 1];
	bool same = (pattern[0] == '/') == (path[0] == '/');

	split(&patterns, pattern);
	split(&paths, path);
	model_path(fits, &patterns, &paths);
	check(janus__pattern_match(pattern, path) == (same && fits[patterns.count]));
	if (janus__pattern_is_literal(path) && same)
		check(janus__pattern_match(path, path));
}

/* Once as a name, once below the root, once whole: each as the plain match has it. */
static void check_ignores(const char *pattern, const char *path)
{
	const char *name = strrchr(path, '/');
	struct janus__entry_path entry = { path, 1, true };
	size_t length = strlen(pattern);
	bool wanted;

	if (path[0] != '/' || path[1] == '\0' || name[1] == '\0')
		return;
	if (pattern[length - 1] == '/') {
		entry.directory = false;
		check(!janus__pattern_ignores(&pattern, 1, &entry));
		return;
	}
	if (pattern[0] == '/')
		wanted = janus__pattern_match(pattern, path);
	else if (strchr(pattern, '/'))
		wanted = janus__pattern_match(pattern, path + strspn(path, "/"));
	else
		wanted = janus__pattern_match(pattern, name + 1);
	check(janus__pattern_ignores(&pattern, 1, &entry) == wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char pattern[TEXT_MAX], path[TEXT_MAX];
	const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
	size_t length, rest;

	if (!nul)
		return 0;
	length = (size_t)(nul - data);
	rest = size - length - 1;
	if (length >= sizeof(pattern) || rest >= sizeof(path) ||
	    memchr(nul + 1, '\0', rest))
		return 0;
	memcpy(pattern, data, length + 1);
	memcpy(path, nul + 1, rest);
	path[rest] = '\0';
	if (janus__pattern_check(pattern)) {
		struct janus__entry_path entry = { path, rest ? 1 : 0, true };
		const char *const patterns[] = { pattern };

		janus__pattern_match(pattern, path);
		janus__pattern_ignores(patterns, 1, &entry);
		return 0;
	}
	compare(pattern, path);
	check_ignores(pattern, path);
	return 0;
}
