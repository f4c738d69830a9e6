// SPDX-License-Identifier: MIT
#include "guard_config.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "guard_image.h"
#include "janus.pb-c.h"
#include "template.h"
#include "text.h"

#define NAME_MAX_BYTES 253
#define TARGETS_MAX 256
#define SUBJECTS_MAX 256
#define PATHS_MAX 4096
#define TAGS_MAX 64
#define TAG_MAX_BYTES 256
#define CID_MAX_BYTES 256
#define FORMAT_MAX_BYTES 1024

struct backing {
	struct guard_config config;
	struct codec_message message;
	struct janus_tag *tags; /* of all subjects */
	uint8_t *request;
	char **cids;   /* of guard_config_set_targets() */
	int32_t *pids; /* likewise */
};

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

static int check_targets(const Janus__JanusdConfig *message, struct status *status)
{
	struct text_quote quote;

	if (!message->n_cid && !message->n_pid)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "cid: neither a container nor a pid is given");
	if (message->n_cid > TARGETS_MAX || message->n_pid > TARGETS_MAX)
		return status_set(
			status, STATUS_INVALID_ARGUMENT, "%s: more than %d are given",
			message->n_cid > TARGETS_MAX ? "cid" : "pid", TARGETS_MAX);
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

static int read_event(const char *word, uint32_t *mask)
{
	static const struct {
		const char *word;
		uint32_t mask;
	} events[] = {
		{ "access", JANUS_EVENT_ACCESS },
		{ "open", JANUS_EVENT_OPEN },
		{ "exec", JANUS_EVENT_EXEC },
		{ "all", JANUS_EVENT_ALL_PERMISSION },
	};

	for (size_t i = 0; i < ARRAY_COUNT(events); i++)
		if (!strcmp(word, events[i].word)) {
			*mask |= events[i].mask;
			return 0;
		}
	return -1;
}

/* One subject on its way from the message into the config. */
struct taking {
	const Janus__JanusGuardSubject *message;
	struct janus_subject *subject;
	struct janus_tag *tags; /* room for message->n_tags */
	size_t index;
};

static int take_events(const struct taking *taking, struct status *status)
{
	const Janus__JanusGuardSubject *message = taking->message;
	struct item item = { "event", taking->index, 0 };

	if (!message->n_event)
		return status_set(
			status, STATUS_INVALID_ARGUMENT,
			"subject[%zu].event: is empty; access, open, exec or all"
			" must be given",
			taking->index);
	for (; item.index < message->n_event; item.index++)
		if (read_event(message->event[item.index], &taking->subject->events))
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
	struct janus_subject *subject = taking->subject;

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
	subject->allow = (const char *const *)message->allow;
	subject->allow_count = message->n_allow;
	subject->deny = (const char *const *)message->deny;
	subject->deny_count = message->n_deny;
	return 0;
}

static int refuse_tag(const struct taking *taking, const char *key, const char *cause,
		      struct status *status)
{
	struct text_quote quote;

	return status_set(status, STATUS_INVALID_ARGUMENT, "subject[%zu].tags: '%s' %s",
			  taking->index, text_quote(&quote, key), cause);
}

static int compare_tags(const void *a, const void *b)
{
	const struct janus_tag *one = a, *other = b;

	return strcmp(one->key, other->key);
}

/* The last one of a key counts, as in every map on the wire. */
static void put_tag(const struct taking *taking, const char *key, const char *value)
{
	struct janus_subject *subject = taking->subject;
	size_t i = 0;

	while (i < subject->tag_count && strcmp(taking->tags[i].key, key) != 0)
		i++;
	taking->tags[i].key = key;
	taking->tags[i].value = value;
	if (i == subject->tag_count)
		subject->tag_count++;
}

static int take_tags(const struct taking *taking, struct status *status)
{
	const Janus__JanusGuardSubject *message = taking->message;
	struct janus_subject *subject = taking->subject;

	if (message->n_tags > TAGS_MAX)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "subject[%zu].tags: more than %d are given",
				  taking->index, TAGS_MAX);
	for (size_t i = 0; i < message->n_tags; i++) {
		const char *key = message->tags[i]->key;
		const char *value = message->tags[i]->value;

		if (!*key)
			return refuse_tag(taking, key, "is no key", status);
		if (strlen(key) > TAG_MAX_BYTES)
			return refuse_tag(taking, key, "has more than 256 bytes", status);
		if (strlen(value) > TAG_MAX_BYTES)
			return refuse_tag(taking, key,
					  "has a value of more than 256 bytes", status);
		put_tag(taking, key, value);
	}
	/* A map has no order on the wire; sorted, the records of a guard look alike. */
	if (subject->tag_count)
		qsort(taking->tags, subject->tag_count, sizeof(*taking->tags),
		      compare_tags);
	subject->tags = subject->tag_count ? taking->tags : NULL;
	return 0;
}

static int take_subject(const struct taking *taking, struct status *status)
{
	const Janus__JanusGuardSubject *message = taking->message;

	*taking->subject = (struct janus_subject)JANUS_SUBJECT_INIT;
	taking->subject->mode = JANUS_MODE_ENFORCE;
	if (message->onlydir)
		taking->subject->flags |= JANUS_SUBJECT_ONLY_DIR;
	if (message->autoallowowner)
		taking->subject->flags |= JANUS_SUBJECT_AUTO_ALLOW_OWNER;
	if (message->audit)
		taking->subject->flags |= JANUS_SUBJECT_AUDIT;
	if (take_events(taking, status) || take_paths(taking, status))
		return -1;
	return take_tags(taking, status);
}

static int check_counts(const Janus__JanusdConfig *message, struct status *status)
{
	size_t paths = 0;

	if (!message->n_subject)
		return status_set(status, STATUS_INVALID_ARGUMENT, "subject: is empty");
	if (message->n_subject > SUBJECTS_MAX)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "subject: more than %d are given", SUBJECTS_MAX);
	for (size_t i = 0; i < message->n_subject; i++)
		paths += message->subject[i]->n_allow + message->subject[i]->n_deny;
	if (paths > PATHS_MAX)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "subject: more than %d paths are given", PATHS_MAX);
	return 0;
}

static int take_subjects(struct backing *backing, const Janus__JanusdConfig *message,
			 struct status *status)
{
	struct guard_config *config = &backing->config;
	size_t tags = 0;

	if (check_counts(message, status))
		return -1;
	for (size_t i = 0; i < message->n_subject; i++)
		tags += message->subject[i]->n_tags;
	config->subjects = calloc(message->n_subject + 1, sizeof(*config->subjects));
	backing->tags = calloc(tags + 1, sizeof(*backing->tags));
	if (!config->subjects || !backing->tags)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "subject: no memory");
	config->subject_count = message->n_subject;
	config->bytes += config->subject_count * sizeof(*config->subjects) +
			 tags * sizeof(*backing->tags);
	tags = 0;
	for (size_t i = 0; i < message->n_subject; i++) {
		struct taking taking = { message->subject[i], &config->subjects[i],
					 backing->tags + tags, i };

		if (take_subject(&taking, status))
			return -1;
		config->path_count += taking.message->n_allow + taking.message->n_deny;
		tags += taking.message->n_tags;
	}
	return 0;
}

static int take_format(struct guard_config *config, const char *format,
		       struct status *status)
{
	char error[TEMPLATE_ERROR_SIZE];
	struct text_quote quote;
	int result;

	if (strlen(format) > FORMAT_MAX_BYTES)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "logFormat: '%s' has more than %d bytes",
				  text_quote(&quote, format), FORMAT_MAX_BYTES);
	result = template_compile(&config->template, format, error);
	if (result == -EINVAL)
		return status_set(status, STATUS_INVALID_ARGUMENT, "logFormat: %s",
				  error);
	if (result)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "logFormat: no memory");
	return 0;
}

static int take_message(struct backing *backing, const struct node_name *node,
			struct status *status)
{
	const Janus__JanusdConfig *message = (const void *)backing->message.message;
	struct guard_config *config = &backing->config;

	if (check_names(message, node, status) || check_targets(message, status))
		return -1;
	config->name = message->name;
	config->node = *message->nodename ? message->nodename : node->name;
	config->pod = message->podname;
	config->cids = message->cid;
	config->cid_count = message->n_cid;
	config->pids = message->pid;
	config->pid_count = message->n_pid;
	config->bytes = sizeof(*backing) + backing->message.used_bytes;
	if (take_subjects(backing, message, status))
		return -1;
	return take_format(config, message->logformat, status);
}

static int keep_request(struct backing *backing, struct wire_bytes request,
			struct status *status)
{
	backing->request = malloc(request.size + 1);
	if (!backing->request)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "request: no memory");
	if (request.size)
		memcpy(backing->request, request.data, request.size);
	backing->config.request = (struct wire_bytes){ backing->request, request.size };
	return 0;
}

int guard_config_create(struct guard_config **ret, struct wire_bytes request,
			const struct node_name *node, struct status *status)
{
	struct backing *backing = calloc(1, sizeof(*backing));

	if (!backing)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "request: no memory");
	backing->config.internal = backing;
	backing->message.budget_bytes = CODEC_BUDGET_BYTES;
	if (codec_unpack(&backing->message, &janus__janusd_config__descriptor, request,
			 status) ||
	    take_message(backing, node, status) ||
	    keep_request(backing, request, status)) {
		guard_config_destroy(&backing->config);
		return -1;
	}
	*ret = &backing->config;
	return 0;
}

void guard_config_drop_request(struct guard_config *config)
{
	struct backing *backing = config->internal;

	free(backing->request);
	backing->request = NULL;
	config->request = (struct wire_bytes){ NULL, 0 };
}

static void free_targets(struct backing *backing)
{
	for (size_t i = 0; backing->cids && backing->cids[i]; i++)
		free(backing->cids[i]);
	free(backing->cids);
	free(backing->pids);
	backing->cids = NULL;
	backing->pids = NULL;
}

int guard_config_set_targets(struct guard_config *config, const struct guard_image *image)
{
	struct backing *backing = config->internal;
	size_t cids = 0, pids = 0;

	free_targets(backing);
	backing->cids = calloc(image->target_count + 1, sizeof(*backing->cids));
	backing->pids = calloc(image->target_count + 1, sizeof(*backing->pids));
	if (!backing->cids || !backing->pids)
		return -1;
	for (size_t i = 0; i < image->target_count; i++) {
		const struct guard_image_target *target = &image->targets[i];

		if (!target->cid)
			backing->pids[pids++] = target->pid;
		else if (!(backing->cids[cids++] = strdup(target->cid)))
			return -1;
	}
	config->cids = backing->cids;
	config->cid_count = cids;
	config->pids = backing->pids;
	config->pid_count = pids;
	return 0;
}

void guard_config_destroy(struct guard_config *config)
{
	struct backing *backing;

	if (!config)
		return;
	backing = config->internal;
	template_destroy(config->template);
	codec_done(&backing->message);
	free(config->subjects);
	free(backing->tags);
	free(backing->request);
	free_targets(backing);
	free(backing);
}
