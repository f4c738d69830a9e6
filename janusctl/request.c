// SPDX-License-Identifier: MIT
/*
 * Owns how a guard is written in the contract's messages. They borrow every text from the
 * command line; the memory here holds the messages themselves.
 */
#include "request.h"

#include <stdlib.h>

#include "janus.pb-c.h"
#include "util.h"

/* A subject with what its message points to. */
struct subject {
	Janus__JanusGuardSubject message;
	Janus__JanusGuardSubject__TagsEntry *tags;
	Janus__JanusGuardSubject__TagsEntry **tag_pointers;
};

struct request {
	Janus__JanusdConfig message;
	struct subject *subjects;
	Janus__JanusGuardSubject **subject_pointers;
	size_t subject_count;
};

static void request_done(struct request *request)
{
	for (size_t i = 0; i < request->subject_count; i++) {
		free(request->subjects[i].tags);
		free(request->subjects[i].tag_pointers);
	}
	free(request->subjects);
	free(request->subject_pointers);
}

static int set_tags(struct subject *subject, const struct cmdline_subject *given)
{
	size_t count = given->tag_keys.count;

	if (!count)
		return 0;
	subject->tags = calloc(count, sizeof(*subject->tags));
	subject->tag_pointers = calloc(count, sizeof(*subject->tag_pointers));
	if (!subject->tags || !subject->tag_pointers)
		return -1;
	for (size_t i = 0; i < count; i++) {
		janus__janus_guard_subject__tags_entry__init(&subject->tags[i]);
		subject->tags[i].key = given->tag_keys.items[i];
		subject->tags[i].value = given->tag_values.items[i];
		subject->tag_pointers[i] = &subject->tags[i];
	}
	subject->message.n_tags = count;
	subject->message.tags = subject->tag_pointers;
	return 0;
}

static int set_subject(struct subject *subject, const struct cmdline_subject *given)
{
	Janus__JanusGuardSubject *message = &subject->message;

	janus__janus_guard_subject__init(message);
	message->n_allow = given->allow.count;
	message->allow = given->allow.items;
	message->n_deny = given->deny.count;
	message->deny = given->deny.items;
	message->n_event = given->events.count;
	message->event = given->events.items;
	message->onlydir = given->only_dir;
	message->autoallowowner = given->auto_allow_owner;
	message->audit = given->audit;
	return set_tags(subject, given);
}

static int set_subjects(struct request *request, const struct cmdline *cmdline)
{
	size_t count = cmdline->subject_count;

	if (!count)
		return 0;
	request->subjects = calloc(count, sizeof(*request->subjects));
	request->subject_pointers = calloc(count, sizeof(*request->subject_pointers));
	if (!request->subjects || !request->subject_pointers)
		return -1;
	request->subject_count = count;
	for (size_t i = 0; i < count; i++) {
		if (set_subject(&request->subjects[i], &cmdline->subjects[i]))
			return -1;
		request->subject_pointers[i] = &request->subjects[i].message;
	}
	request->message.n_subject = count;
	request->message.subject = request->subject_pointers;
	return 0;
}

/* What is not given stays the empty text. Packing only reads, whatever the type says. */
static void set_text(char **field, const char *given)
{
	if (given)
		*field = (char *)given;
}

int request_create(const struct cmdline *cmdline, uint8_t **ret, size_t *ret_size)
{
	cleanup(request_done) struct request request = { .subject_count = 0 };
	Janus__JanusdConfig *message = &request.message;
	uint8_t *bytes;

	janus__janusd_config__init(message);
	set_text(&message->name, cmdline->name);
	set_text(&message->nodename, cmdline->node);
	set_text(&message->podname, cmdline->pod);
	set_text(&message->logformat, cmdline->log_format);
	message->n_pid = cmdline->pid_count;
	message->pid = cmdline->pids;
	message->n_cid = cmdline->cids.count;
	message->cid = cmdline->cids.items;
	if (set_subjects(&request, cmdline))
		return -1;
	bytes = malloc(janus__janusd_config__get_packed_size(message));
	if (!bytes)
		return -1;
	*ret_size = janus__janusd_config__pack(message, bytes);
	*ret = bytes;
	return 0;
}
