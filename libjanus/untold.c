// SPDX-License-Identifier: MIT
/*
 * Owns event fds from the answer to close(2). Allocates nothing.
 */
#include "untold.h"

#include <string.h>

#include "spec.h"

struct janus__answered *janus__untold_next(struct janus__untold *untold)
{
	return &untold->queue[(untold->first + untold->count) % JANUS__UNTOLD_MAX];
}

void janus__untold_add(struct janus__untold *untold)
{
	untold->count++;
}

/* The path is told as the target sees it, whose root may lie deeper than ours. */
static const char *path_in_target(const struct janus__spec *spec, const char *path)
{
	size_t length = strlen(spec->root);

	if (length == 0 || strncmp(path, spec->root, length) != 0)
		return path;
	if (path[length] == '\0')
		return "/";
	return path[length] == '/' ? path + length : path;
}

static void tell_opinion(struct janus__untold *untold,
			 const struct janus__answered *event,
			 const struct janus__opinion *opinion)
{
	const char *path = path_in_target(opinion->spec, untold->path);
	struct janus__texts texts = {
		.at = { path },
		.length = { (uint32_t)strlen(path) },
	};
	struct janus__record record = {
		.kind = event->kind,
		.verdict = opinion->verdict,
		.reason = opinion->reason,
		.file_type = event->file.directory ? JANUS_FILE_DIRECTORY
						   : JANUS_FILE_REGULAR,
		.time_ns = event->time_ns,
		.spec = janus__spec_ref(opinion->spec),
		.rule = opinion->rule,
		.ticket = opinion->verdict == JANUS_VERDICT_ASK ? event->ticket : 0,
	};

	janus__record_actor(&record, event->actor, &texts);
	if (untold->threads)
		record.who.tid = event->pid;
	if (janus__ring_push(untold->ring, &record, &texts)) {
		untold->heard |= record.ticket != 0;
		janus__count(&untold->counters->records, 1);
	} else {
		janus__spec_unref(opinion->spec);
		janus__count(&untold->counters->records_dropped, 1);
	}
}

void janus__untold_forget(struct janus__untold *untold, struct janus__answered *event)
{
	untold->proc->kernel->close(event->fd);
	janus__match_done(&event->match);
	janus__actors_put(untold->actors, event->actor);
	event->actor = NULL;
}

void janus__untold_tell_all(struct janus__untold *untold, struct janus__answered *event,
			    const struct janus__opinion *opinions, size_t count)
{
	if (janus__identify_path(untold->proc, event->fd, &event->file, untold->path,
				 sizeof(untold->path)) < 0)
		untold->path[0] = '\0';
	for (size_t i = 0; i < count; i++)
		tell_opinion(untold, event, &opinions[i]);
	janus__untold_forget(untold, event);
}

int64_t janus__untold_tell(struct janus__untold *untold)
{
	struct janus__answered *event = &untold->queue[untold->first];

	untold->first = (untold->first + 1) % JANUS__UNTOLD_MAX;
	untold->count--;
	janus__untold_tell_all(untold, event, event->opinions, event->opinion_count);
	return event->time_ns;
}
