// SPDX-License-Identifier: MIT
#include "cmdline_events.h"

#include <string.h>

#include "cmdline_options.h"
#include "cmdline_values.h"
#include "event_words.h"

/* "deny,would_deny" */
static const char *add_words(struct cmdline_list *list, const char *text)
{
	for (const char *at = text;; at++) {
		size_t length = strcspn(at, ",");

		if (cmdline_list_add(list, at, length))
			return "no memory";
		at += length;
		if (!*at)
			return NULL;
	}
}

static const char *add_verdicts(struct cmdline_events *events, const char *text)
{
	const char *cause = add_words(&events->verdicts, text);

	for (size_t i = 0; !cause && i < events->verdicts.count; i++)
		if (event_verdict_called(events->verdicts.items[i]) < 0)
			cause = "--verdict: not allow, deny, would_deny, observed, or some "
				"of them with commas between";
	return cause;
}

static const char *add_text(struct cmdline_list *list, const char *text)
{
	return cmdline_list_add(list, text, strlen(text)) ? "no memory" : NULL;
}

const char *cmdline_events_take(struct cmdline_events *events, int key, const char *value)
{
	switch (key) {
	case CMDLINE_KEY_GUARD:
		return *value ? add_text(&events->guards, value)
			      : "--guard: the name is empty";
	case CMDLINE_KEY_POD:
		return add_text(&events->pods, value);
	case CMDLINE_KEY_EVENT:
		return add_words(&events->kinds, value);
	case CMDLINE_KEY_VERDICT:
		return add_verdicts(events, value);
	case CMDLINE_KEY_PATH:
		if (*value != '/')
			return "--path: does not begin with '/', as all paths do";
		events->path = value;
		return NULL;
	default:
		events->from_oldest = true;
		return NULL;
	}
}

const char *cmdline_events_check(const struct cmdline_events *events,
				 const char **ret_word)
{
	for (size_t i = 0; i < events->kinds.count; i++) {
		*ret_word = events->kinds.items[i];
		if (event_kind_called(*ret_word) < 0)
			return "--event: not create, modify, close_write, attrib, delete, "
			       "rename, open, access, exec, or some of them with commas "
			       "between";
	}
	return NULL;
}

void cmdline_events_done(struct cmdline_events *events)
{
	cmdline_list_done(&events->guards);
	cmdline_list_done(&events->pods);
	cmdline_list_done(&events->verdicts);
	cmdline_list_done(&events->kinds);
}
