// SPDX-License-Identifier: MIT
#include "cmdline_watch.h"

#include <string.h>

#include <janus/types.h>

#include "cmdline_options.h"
#include "cmdline_values.h"
#include "util.h"

#define COUNT_MAX UINT64_C(1000000000000000000)

static const struct {
	const char *name;
	uint32_t events;
} kinds[] = {
	{ "create", JANUS_EVENT_CREATE },
	{ "modify", JANUS_EVENT_MODIFY },
	{ "close_write", JANUS_EVENT_CLOSE_WRITE },
	{ "attrib", JANUS_EVENT_ATTRIB },
	{ "delete", JANUS_EVENT_DELETE },
	{ "rename", JANUS_EVENT_RENAME },
	{ "open", JANUS_EVENT_OPEN },
	{ "access", JANUS_EVENT_ACCESS },
	{ "exec", JANUS_EVENT_EXEC },
	{ "all", JANUS_EVENT_ALL_OBSERVATION },
};

static uint32_t events_called(const char *name, size_t length)
{
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++)
		if (strlen(kinds[i].name) == length &&
		    strncmp(name, kinds[i].name, length) == 0)
			return kinds[i].events;
	return 0;
}

/* What several --events name adds up. */
static const char *add_events(struct cmdline_watch *watch, const char *text)
{
	for (const char *at = text;; at++) {
		size_t length = strcspn(at, ",");
		uint32_t events = events_called(at, length);

		if (!events)
			return "--events: not create, modify, close_write, attrib, delete, "
			       "rename, open, access, exec, all, or some of them with "
			       "commas between";
		watch->events |= events;
		at += length;
		if (!*at)
			return NULL;
	}
}

static const char *set_depth(struct cmdline_watch *watch, const char *text)
{
	uint64_t depth;

	if (cmdline_value_number(&depth, text, UINT32_MAX))
		return "--depth: not a number of levels";
	watch->depth = (uint32_t)depth;
	return NULL;
}

static const char *add_ignore(struct cmdline_watch *watch, const char *text)
{
	if (!*text)
		return "--ignore: the pattern is empty";
	return cmdline_list_add(&watch->ignore, text, strlen(text)) ? "no memory" : NULL;
}

static bool *flag_of(struct cmdline_watch *watch, int key)
{
	switch (key) {
	case CMDLINE_KEY_RECURSIVE:
		return &watch->recursive;
	case CMDLINE_KEY_ONE_FILESYSTEM:
		return &watch->one_filesystem;
	case CMDLINE_KEY_INCLUDE_STALLING:
		return &watch->include_stalling;
	case CMDLINE_KEY_WAIT:
		return &watch->wait;
	case CMDLINE_KEY_GLOB:
		return &watch->glob;
	default:
		return &watch->verbose;
	}
}

const char *cmdline_watch_take(struct cmdline_watch *watch, int key, const char *value)
{
	switch (key) {
	case CMDLINE_KEY_DEPTH:
		return set_depth(watch, value);
	case CMDLINE_KEY_IGNORE:
		return add_ignore(watch, value);
	case CMDLINE_KEY_EVENTS:
		return add_events(watch, value);
	case CMDLINE_KEY_COUNT:
		return cmdline_value_number(&watch->count, value, COUNT_MAX)
			       ? "--count: not a number of events"
			       : NULL;
	default:
		*flag_of(watch, key) = true;
		return NULL;
	}
}

void cmdline_watch_done(struct cmdline_watch *watch)
{
	cmdline_list_done(&watch->paths);
	cmdline_list_done(&watch->ignore);
}
