// SPDX-License-Identifier: MIT
#include "event_words.h"

#include <stddef.h>
#include <string.h>

#include "util.h"

/* By their values in the proto. */
static const char *const kinds[] = { NULL,     "open",   "access",      "exec",
				     "create", "modify", "close_write", "attrib",
				     "delete", "rename" };
static const char *const verdicts[] = { "observed", "allow", "deny", "would_deny" };
static const char *const reasons[] = { "none",    "rule",      "owner",   "other-watch",
				       "failure", "exception", "deadline" };
static const char *const types[] = { NULL, "file", "directory", "symlink", "other" };

static const char *word(const char *const *words, size_t count, int value)
{
	if (value < 0 || (size_t)value >= count || !words[value])
		return "unknown";
	return words[value];
}

static int value_of(const char *const *words, size_t count, const char *called)
{
	for (size_t i = 0; i < count; i++)
		if (words[i] && strcmp(words[i], called) == 0)
			return (int)i;
	return -1;
}

const char *event_word_of_kind(int kind)
{
	return word(kinds, ARRAY_COUNT(kinds), kind);
}

const char *event_word_of_verdict(int verdict)
{
	return word(verdicts, ARRAY_COUNT(verdicts), verdict);
}

const char *event_word_of_reason(int reason)
{
	return word(reasons, ARRAY_COUNT(reasons), reason);
}

const char *event_word_of_type(int file_type)
{
	return word(types, ARRAY_COUNT(types), file_type);
}

int event_kind_called(const char *called)
{
	return value_of(kinds, ARRAY_COUNT(kinds), called);
}

int event_verdict_called(const char *called)
{
	return value_of(verdicts, ARRAY_COUNT(verdicts), called);
}
