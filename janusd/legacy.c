// SPDX-License-Identifier: MIT
#include "legacy.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "janus.pb-c.h"
#include "settings.h"
#include "text.h"
#include "util.h"

#define NAME_MAX_BYTES 253
#define TAG_MAX_BYTES 256
#define CID_MAX_BYTES 256

/* Which text of a subject: "subject[3].deny[7]". */
struct item {
	const char *list;
	size_t subject;
	size_t index;
};

static int refuse_item(struct status *status, const struct item *item, const char *value,
		       const char *cause)
{
	struct text_quote quote;

	return status_set(status, STATUS_INVALID_ARGUMENT,
			  "subject[%zu].%s[%zu]: '%s' %s", item->subject, item->list,
			  item->index, text_quote(&quote, value), cause);
}

static int check_name(const char *field, const char *value, struct status *status)
{
	struct text_quote quote;

	if (strlen(value) <= NAME_MAX_BYTES)
		return 0;
	return status_set(status, STATUS_INVALID_ARGUMENT,
			  "%s: '%s' has more than %d bytes", field,
			  text_quote(&quote, value), NAME_MAX_BYTES);
}

static int check_names(const Janus__JanusdConfig *message, const struct node_name *node,
		       struct status *status)
{
	struct text_quote asked, own;

	if (!*message->name)
		return status_set(status, STATUS_INVALID_ARGUMENT, "name: is empty");
	if (check_name("name", message->name, status) ||
	    check_name("nodeName", message->nodename, status) ||
	    check_name("podName", message->podname, status))
		return -1;
	if (!*message->podname && message->n_cid)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "podName: is empty, and a container is asked for");
	if (node->strict && *message->nodename &&
	    strcmp(message->nodename, node->name) != 0)
		return status_set(status, STATUS_FAILED_PRECONDITION,
				  "nodeName: '%s' is asked for, this is node '%s'",
				  text_quote(&asked, message->nodename),
				  text_quote(&own, node->name));
	return 0;
}

static int check_targets(const Janus__JanusdConfig *message,
			 const struct limit_settings *limits, struct status *status)
{
	struct text_quote quote;

	if (!message->n_cid && !message->n_pid)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "cid: neither a container nor a pid is given");
	if (message->n_cid > limits->targets_per_guard ||
	    message->n_pid > limits->targets_per_guard)
		return status_set(
			status, STATUS_INVALID_ARGUMENT, "%s: more than %u are given",
			message->n_cid > limits->targets_per_guard ? "cid" : "pid",
			limits->targets_per_guard);
	for (size_t i = 0; i < message->n_cid; i++) {
		const char *cid = message->cid[i];

		if (!*cid || strlen(cid) > CID_MAX_BYTES)
			return status_set(status, STATUS_INVALID_ARGUMENT,
					  "cid[%zu]: '%s' %s", i, text_quote(&quote, cid),
					  *cid ? "is too long for a container id"
					       : "is no container id");
	}
	for (size_t i = 0; i < message->n_pid; i++)
		if (message->pid[i] <= 0)
			return status_set(status, STATUS_INVALID_ARGUMENT,
					  "pid[%zu]: %" PRId32 " is no process id", i,
					  message->pid[i]);
	return 0;
}

/* The words of the old service, and what each of them means. */
static int read_event(const char *word, Janus__V1__EventKind kinds[], size_t *count)
{
	static const struct {
		const char *word;
		Janus__V1__EventKind first, last;
	} events[] = {
		{ "access", JANUS__V1__EVENT_KIND__EVENT_KIND_ACCESS,
		  JANUS__V1__EVENT_KIND__EVENT_KIND_ACCESS },
		{ "open", JANUS__V1__EVENT_KIND__EVENT_KIND_OPEN,
		  JANUS__V1__EVENT_KIND__EVENT_KIND_OPEN },
		{ "exec", JANUS__V1__EVENT_KIND__EVENT_KIND_EXEC,
		  JANUS__V1__EVENT_KIND__EVENT_KIND_EXEC },
		{ "all", JANUS__V1__EVENT_KIND__EVENT_KIND_OPEN,
		  JANUS__V1__EVENT_KIND__EVENT_KIND_EXEC },
	};

	for (size_t i = 0; i < ARRAY_COUNT(events); i++) {
		if (strcmp(word, events[i].word) != 0)
			continue;
		for (int kind = (int)events[i].first; kind <= (int)events[i].last; kind++)
			kinds[(*count)++] = (Janus__V1__EventKind)kind;
		return 0;
	}
	return -1;
}

/* One subject on its way. */
struct taking {
	const Janus__JanusGuardSubject *message;
	Janus__V1__Subject *subject;
	size_t index;
};

static int take_events(const struct taking *taking, struct status *status)
{
	const Janus__JanusGuardSubject *message = taking->message;
	Janus__V1__Subject *subject = taking->subject;
	struct item item = { "event", taking->index, 0 };

	if (!message->n_event)
		return status_set(
			status, STATUS_INVALID_ARGUMENT,
			"subject[%zu].event: is empty; access, open, exec or all"
			" must be given",
			taking->index);
	subject->events = calloc(message->n_event, 3 * sizeof(*subject->events));
	if (!subject->events)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "subject: no memory");
	for (; item.index < message->n_event; item.index++)
		if (read_event(message->event[item.index], subject->events,
			       &subject->n_events))
			return refuse_item(status, &item, message->event[item.index],
					   "is none of access, open, exec, all");
	return 0;
}

static int check_paths(char *const *paths, size_t count, struct item item,
		       struct status *status)
{
	for (; item.index < count; item.index++) {
		const char *path = paths[item.index];

		if (*path != '/')
			return refuse_item(status, &item, path, "is no absolute path");
		if (strlen(path) >= PATH_MAX)
			return refuse_item(status, &item, path, "has 4096 or more bytes");
	}
	return 0;
}

static int take_paths(const struct taking *taking, struct status *status)
{
	const Janus__JanusGuardSubject *message = taking->message;

	if (!message->n_allow && !message->n_deny)
		return status_set(
			status, STATUS_INVALID_ARGUMENT,
			"subject[%zu].allow: neither allow nor deny names a path",
			taking->index);
	if (check_paths(message->allow, message->n_allow,
			(struct item){ "allow", taking->index, 0 }, status) ||
	    check_paths(message->deny, message->n_deny,
			(struct item){ "deny", taking->index, 0 }, status))
		return -1;
	taking->subject->allow = message->allow;
	taking->subject->n_allow = message->n_allow;
	taking->subject->deny = message->deny;
	taking->subject->n_deny = message->n_deny;
	return 0;
}

static int refuse_tag(const struct taking *taking, const char *key, const char *cause,
		      struct status *status)
{
	struct text_quote quote;

	return status_set(status, STATUS_INVALID_ARGUMENT, "subject[%zu].tags: '%s' %s",
			  taking->index, text_quote(&quote, key), cause);
}

static int check_tag(const struct taking *taking,
		     const Janus__JanusGuardSubject__TagsEntry *tag,
		     struct status *status)
{
	if (!*tag->key)
		return refuse_tag(taking, tag->key, "is no key", status);
	if (strlen(tag->key) > TAG_MAX_BYTES)
		return refuse_tag(taking, tag->key, "has more than 256 bytes", status);
	if (strlen(tag->value) > TAG_MAX_BYTES)
		return refuse_tag(taking, tag->key, "has a value of more than 256 bytes",
				  status);
	return 0;
}

static int take_tags(const struct taking *taking, const struct limit_settings *limits,
		     struct status *status)
{
	const Janus__JanusGuardSubject *message = taking->message;
	Janus__V1__Subject *subject = taking->subject;
	Janus__V1__Subject__TagsEntry *entries;

	if (message->n_tags > limits->tags_per_subject)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "subject[%zu].tags: more than %u are given",
				  taking->index, limits->tags_per_subject);
	if (!message->n_tags)
		return 0;
	/* The pointers, and behind them what they point to. */
	subject->tags = calloc(message->n_tags,
			       sizeof(*subject->tags) + sizeof(*entries));
	if (!subject->tags)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "subject: no memory");
	entries = (void *)(subject->tags + message->n_tags);
	for (size_t i = 0; i < message->n_tags; i++) {
		if (check_tag(taking, message->tags[i], status))
			return -1;
		janus__v1__subject__tags_entry__init(&entries[i]);
		entries[i].key = message->tags[i]->key;
		entries[i].value = message->tags[i]->value;
		subject->tags[subject->n_tags++] = &entries[i];
	}
	return 0;
}

static int take_subject(const struct taking *taking, const struct limit_settings *limits,
			struct status *status)
{
	taking->subject->only_dir = taking->message->onlydir;
	taking->subject->auto_allow_owner = taking->message->autoallowowner;
	taking->subject->audit = taking->message->audit;
	if (take_events(taking, status) || take_paths(taking, status))
		return -1;
	return take_tags(taking, limits, status);
}

static int check_counts(const Janus__JanusdConfig *message,
			const struct limit_settings *limits, struct status *status)
{
	size_t paths = 0;

	if (!message->n_subject)
		return status_set(status, STATUS_INVALID_ARGUMENT, "subject: is empty");
	if (message->n_subject > limits->subjects_per_guard)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "subject: more than %u are given",
				  limits->subjects_per_guard);
	for (size_t i = 0; i < message->n_subject; i++)
		paths += message->subject[i]->n_allow + message->subject[i]->n_deny;
	if (paths > limits->paths_per_guard)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "subject: more than %u paths are given",
				  limits->paths_per_guard);
	return 0;
}

/* The guard, in memory of its own but for the texts, which are those of the old message. */
struct translated {
	Janus__V1__Guard guard;
	Janus__V1__Target *targets;
	Janus__V1__Subject *subjects;
};

static void free_translated(struct translated *translated)
{
	for (size_t i = 0; translated->subjects && i < translated->guard.n_subjects;
	     i++) {
		free(translated->subjects[i].events);
		free(translated->subjects[i].tags);
	}
	free(translated->guard.targets);
	free(translated->guard.subjects);
	free(translated->targets);
	free(translated->subjects);
}

static int make_room(struct translated *ret, const Janus__JanusdConfig *message)
{
	size_t targets = message->n_cid + message->n_pid;
	size_t subjects = message->n_subject;

	ret->guard.targets = calloc(targets, sizeof(*ret->guard.targets));
	ret->targets = calloc(targets, sizeof(*ret->targets));
	ret->guard.subjects = calloc(subjects, sizeof(*ret->guard.subjects));
	ret->subjects = calloc(subjects, sizeof(*ret->subjects));
	if (!ret->guard.targets || !ret->targets || !ret->guard.subjects ||
	    !ret->subjects)
		return -1;
	for (size_t i = 0; i < targets; i++) {
		janus__v1__target__init(&ret->targets[i]);
		ret->guard.targets[i] = &ret->targets[i];
	}
	for (size_t i = 0; i < subjects; i++) {
		janus__v1__subject__init(&ret->subjects[i]);
		ret->guard.subjects[i] = &ret->subjects[i];
	}
	ret->guard.n_targets = targets;
	ret->guard.n_subjects = subjects;
	return 0;
}

/* Containers first: so the number of a container is the same in both. */
static void take_targets(struct translated *ret, const Janus__JanusdConfig *message)
{
	for (size_t i = 0; i < message->n_cid; i++) {
		ret->targets[i].kind_case = JANUS__V1__TARGET__KIND_CONTAINER;
		ret->targets[i].container = message->cid[i];
	}
	for (size_t i = 0; i < message->n_pid; i++) {
		ret->targets[message->n_cid + i].kind_case = JANUS__V1__TARGET__KIND_PID;
		ret->targets[message->n_cid + i].pid = message->pid[i];
	}
}

static int translate(struct translated *ret, const Janus__JanusdConfig *message,
		     const struct guard_config_options *options, struct status *status)
{
	if (check_names(message, options->node, status) ||
	    check_targets(message, options->limits, status) ||
	    check_counts(message, options->limits, status))
		return -1;
	if (make_room(ret, message))
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "subject: no memory");
	ret->guard.name = message->name;
	ret->guard.node = message->nodename;
	ret->guard.pod = message->podname;
	ret->guard.log_format = message->logformat;
	take_targets(ret, message);
	for (size_t i = 0; i < message->n_subject; i++) {
		const struct taking taking = { message->subject[i], &ret->subjects[i],
					       i };

		if (take_subject(&taking, options->limits, status))
			return -1;
	}
	return 0;
}

/* What was checked here already is not refused for its size, or a limit, once more. */
static int create(struct guard_config **ret, const Janus__V1__Guard *guard,
		  const struct guard_config_options *options, struct status *status)
{
	struct limit_settings limits = *options->limits;
	struct guard_config_options own = { options->node, &limits, GUARD_SOURCE_LEGACY };
	size_t size;
	autofree uint8_t *bytes = codec_pack(&guard->base, &size);

	limits.targets_per_guard = UINT32_MAX;
	limits.path_bytes = PATH_MAX;
	limits.request_bytes = UINT32_MAX;
	if (!bytes)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "request: no memory");
	return guard_config_create(ret, (struct wire_bytes){ bytes, size }, &own, status);
}

int legacy_config_create(struct guard_config **ret, struct wire_bytes request,
			 const struct guard_config_options *options,
			 struct status *status)
{
	cleanup(codec_done) struct codec_message message = { .budget_bytes =
								     CODEC_BUDGET_BYTES };
	cleanup(free_translated) struct translated translated = {
		.guard = JANUS__V1__GUARD__INIT
	};

	if (codec_unpack(&message, &janus__janusd_config__descriptor, request, status) ||
	    translate(&translated, (const void *)message.message, options, status))
		return -1;
	return create(ret, &translated.guard, options, status);
}
