// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard_config_internal.h"
#include "text.h"
#include "util.h"

/* As many as the library takes. */
#define IGNORE_MAX 4096

int guard_refuse_item(struct status *status, const struct guard_item *item,
		      const char *value, const char *cause)
{
	struct text_quote quote;

	return status_set(status, STATUS_INVALID_ARGUMENT,
			  "subjects[%zu].%s[%zu]: '%s' %s", item->subject, item->list,
			  item->index, text_quote(&quote, value), cause);
}

int guard_refuse_field(struct status *status, const struct guard_taking *taking,
		       const char *field, const char *cause)
{
	return status_set(status, STATUS_INVALID_ARGUMENT, "subjects[%zu].%s: %s",
			  taking->index, field, cause);
}

/* Enforce is what goes without saying: the same is the same, however it was said. */
static int take_mode(const struct guard_taking *taking, struct status *status)
{
	switch (taking->message->mode) {
	case JANUS__V1__MODE__MODE_UNSPECIFIED:
		taking->message->mode = JANUS__V1__MODE__MODE_ENFORCE;
		/* fallthrough */
	case JANUS__V1__MODE__MODE_ENFORCE:
		taking->subject->mode = JANUS_MODE_ENFORCE;
		return 0;
	case JANUS__V1__MODE__MODE_DRY_RUN:
		taking->subject->mode = JANUS_MODE_DRY_RUN;
		return 0;
	case JANUS__V1__MODE__MODE_AUDIT:
		taking->subject->mode = JANUS_MODE_AUDIT;
		return 0;
	default:
		return guard_refuse_field(status, taking, "mode", "is no mode");
	}
}

static int take_strategy(const struct guard_taking *taking, struct status *status)
{
	switch (taking->message->strategy) {
	case JANUS__V1__STRATEGY__STRATEGY_UNSPECIFIED:
		return 0;
	case JANUS__V1__STRATEGY__STRATEGY_INODE:
		taking->subject->strategy = JANUS_STRATEGY_INODE;
		return 0;
	case JANUS__V1__STRATEGY__STRATEGY_MOUNT:
		taking->subject->strategy = JANUS_STRATEGY_MOUNT;
		return 0;
	case JANUS__V1__STRATEGY__STRATEGY_FILESYSTEM:
		taking->subject->strategy = JANUS_STRATEGY_FILESYSTEM;
		return 0;
	default:
		return guard_refuse_field(status, taking, "strategy", "is no strategy");
	}
}

static uint32_t event_of(Janus__V1__EventKind kind)
{
	static const uint32_t events[] = {
		[JANUS__V1__EVENT_KIND__EVENT_KIND_OPEN] = JANUS_EVENT_OPEN,
		[JANUS__V1__EVENT_KIND__EVENT_KIND_ACCESS] = JANUS_EVENT_ACCESS,
		[JANUS__V1__EVENT_KIND__EVENT_KIND_EXEC] = JANUS_EVENT_EXEC,
		[JANUS__V1__EVENT_KIND__EVENT_KIND_CREATE] = JANUS_EVENT_CREATE,
		[JANUS__V1__EVENT_KIND__EVENT_KIND_MODIFY] = JANUS_EVENT_MODIFY,
		[JANUS__V1__EVENT_KIND__EVENT_KIND_CLOSE_WRITE] = JANUS_EVENT_CLOSE_WRITE,
		[JANUS__V1__EVENT_KIND__EVENT_KIND_ATTRIB] = JANUS_EVENT_ATTRIB,
		[JANUS__V1__EVENT_KIND__EVENT_KIND_DELETE] = JANUS_EVENT_DELETE,
		[JANUS__V1__EVENT_KIND__EVENT_KIND_RENAME] = JANUS_EVENT_RENAME,
	};

	return (size_t)kind < ARRAY_COUNT(events) ? events[kind] : 0;
}

/* In order and each of them once, as they say the same then. */
static void normalise_events(Janus__V1__Subject *message, uint32_t mask)
{
	size_t kept = 0;

	for (int kind = JANUS__V1__EVENT_KIND__EVENT_KIND_OPEN;
	     kind <= JANUS__V1__EVENT_KIND__EVENT_KIND_RENAME; kind++)
		if (mask & event_of((Janus__V1__EventKind)kind))
			message->events[kept++] = (Janus__V1__EventKind)kind;
	message->n_events = kept;
}

static int take_events(const struct guard_taking *taking, struct status *status)
{
	Janus__V1__Subject *message = taking->message;
	const uint32_t known = taking->subject->mode == JANUS_MODE_AUDIT
				       ? JANUS_EVENT_ALL_OBSERVATION
				       : JANUS_EVENT_ALL_PERMISSION;
	struct guard_item item = { taking->index, "events", 0 };

	if (!message->n_events)
		return guard_refuse_field(status, taking, "events",
					  "is empty; at least one kind must be given");
	for (; item.index < message->n_events; item.index++) {
		Janus__V1__EventKind kind = message->events[item.index];
		uint32_t event = event_of(kind);
		char number[16];

		snprintf(number, sizeof(number), "%d", (int)kind);
		if (!event)
			return guard_refuse_item(status, &item, number,
						 "is no kind of event");
		if (event & ~known)
			return guard_refuse_item(status, &item, number,
						 "can only be observed, with MODE_AUDIT");
		taking->subject->events |= event;
	}
	normalise_events(message, taking->subject->events);
	return 0;
}

static uint32_t flags_of(const Janus__V1__Subject *message)
{
	const struct {
		protobuf_c_boolean given;
		uint32_t flag;
	} words[] = {
		{ message->only_dir, JANUS_SUBJECT_ONLY_DIR },
		{ message->auto_allow_owner, JANUS_SUBJECT_AUTO_ALLOW_OWNER },
		{ message->audit, JANUS_SUBJECT_AUDIT },
		{ message->recursive, JANUS_SUBJECT_RECURSIVE },
		{ message->one_filesystem, JANUS_SUBJECT_ONE_FILESYSTEM },
		{ message->stalling, JANUS_SUBJECT_STALLING },
		{ message->wait_for_paths, JANUS_SUBJECT_WAIT },
		{ message->glob, JANUS_SUBJECT_GLOB },
		{ message->only_exceptions, JANUS_SUBJECT_ONLY },
	};
	uint32_t flags = 0;

	for (size_t i = 0; i < ARRAY_COUNT(words); i++)
		if (words[i].given)
			flags |= words[i].flag;
	return flags;
}

/* Which words go together. */
static int check_words(const struct guard_taking *taking, struct status *status)
{
	const Janus__V1__Subject *message = taking->message;
	const bool audit = taking->subject->mode == JANUS_MODE_AUDIT;
	const struct {
		bool wrong;
		const char *field;
		const char *cause;
	} rules[] = {
		{ message->auto_allow_owner && taking->on_host, "auto_allow_owner",
		  "the host, which is a target, has no owner to allow" },
		{ message->auto_allow_owner && audit, "auto_allow_owner",
		  "nobody needs to be allowed with MODE_AUDIT" },
		{ message->audit && audit, "audit",
		  "there are no answers to be audited with MODE_AUDIT" },
		{ message->one_filesystem && !message->recursive, "one_filesystem",
		  "only trees (recursive) reach into other file systems" },
		{ message->strategy && audit, "strategy",
		  "there is none to choose with MODE_AUDIT" },
		{ message->n_observe && !audit, "observe",
		  "paths are observed with MODE_AUDIT only" },
		{ message->n_ignore && !message->recursive, "ignore",
		  "only trees (recursive) leave something out" },
		{ message->n_ignore > IGNORE_MAX, "ignore",
		  "more than 4096 patterns are given" },
		{ message->max_depth && !message->recursive, "max_depth",
		  "only trees (recursive) have a depth" },
		{ !message->n_allow && !message->n_deny && !message->n_observe, "allow",
		  "neither allow nor deny nor observe names a path" },
	};

	for (size_t i = 0; i < ARRAY_COUNT(rules); i++)
		if (rules[i].wrong)
			return guard_refuse_field(status, taking, rules[i].field,
						  rules[i].cause);
	return 0;
}

/* How long a path may be. */
static int check_path(const struct guard_item *item, const char *path, uint32_t limit,
		      struct status *status)
{
	struct text_quote quote;

	if (strlen(path) < limit)
		return 0;
	return status_set(status, STATUS_RESOURCE_EXHAUSTED,
			  "subjects[%zu].%s[%zu]: '%s' has %u or more bytes",
			  item->subject, item->list, item->index,
			  text_quote(&quote, path), limit);
}

struct list {
	const char *name;
	char **texts;
	size_t count;
};

static int check_lists(const struct guard_taking *taking, uint32_t limit,
		       struct status *status)
{
	const Janus__V1__Subject *message = taking->message;
	const struct list lists[] = {
		{ "allow", message->allow, message->n_allow },
		{ "deny", message->deny, message->n_deny },
		{ "observe", message->observe, message->n_observe },
		{ "ignore", message->ignore, message->n_ignore },
	};

	for (size_t i = 0; i < ARRAY_COUNT(lists); i++) {
		const bool patterns = lists[i].texts == message->ignore;
		struct guard_item item = { taking->index, lists[i].name, 0 };

		for (; item.index < lists[i].count; item.index++) {
			const char *text = lists[i].texts[item.index];

			if (patterns ? !text[strspn(text, "/")] : *text != '/')
				return guard_refuse_item(status, &item, text,
							 patterns
								 ? "names nothing"
								 : "is no absolute path");
			if (check_path(&item, text, limit, status))
				return -1;
		}
	}
	return 0;
}

static void take_paths(const struct guard_taking *taking)
{
	const Janus__V1__Subject *message = taking->message;
	struct janus_subject *subject = taking->subject;

	subject->allow = (const char *const *)message->allow;
	subject->allow_count = message->n_allow;
	subject->deny = (const char *const *)message->deny;
	subject->deny_count = message->n_deny;
	subject->observe = (const char *const *)message->observe;
	subject->observe_count = message->n_observe;
	subject->ignore = (const char *const *)message->ignore;
	subject->ignore_count = message->n_ignore;
	subject->max_depth = message->max_depth;
}

static int refuse_tag(const struct guard_taking *taking, const char *key,
		      const char *cause, struct status *status)
{
	struct text_quote quote;

	return status_set(status, STATUS_INVALID_ARGUMENT, "subjects[%zu].tags: '%s' %s",
			  taking->index, text_quote(&quote, key), cause);
}

/* A map has no order on the wire; sorted, the records of a guard look alike. */
static int take_tags(const struct guard_taking *taking, ProtobufCAllocator *allocator,
		     struct status *status)
{
	Janus__V1__Subject *message = taking->message;

	for (size_t i = 0; i < message->n_tags; i++) {
		const char *key = message->tags[i]->key;

		if (!*key)
			return refuse_tag(taking, key, "is no key", status);
		if (strlen(key) > GUARD_TEXT_MAX_BYTES)
			return refuse_tag(taking, key, "has more than 256 bytes", status);
		if (strlen(message->tags[i]->value) > GUARD_TEXT_MAX_BYTES)
			return refuse_tag(taking, key,
					  "has a value of more than 256 bytes", status);
	}
	message->n_tags = guard_normalise_map(message->tags, message->n_tags, allocator);
	for (size_t i = 0; i < message->n_tags; i++)
		taking->tags[i] = (struct janus_tag){ message->tags[i]->key,
						      message->tags[i]->value };
	taking->subject->tags = message->n_tags ? taking->tags : NULL;
	taking->subject->tag_count = message->n_tags;
	return 0;
}

int guard_take_subject(const struct guard_taking *taking, struct guard_backing *backing,
		       struct status *status)
{
	*taking->subject = (struct janus_subject)JANUS_SUBJECT_INIT;
	taking->subject->flags = flags_of(taking->message);
	if (take_mode(taking, status) || take_strategy(taking, status) ||
	    take_events(taking, status) || check_words(taking, status) ||
	    check_lists(taking, backing->limits->path_bytes, status) ||
	    guard_take_exceptions(taking, status))
		return -1;
	take_paths(taking);
	return take_tags(taking, &backing->message.allocator, status);
}
