// SPDX-License-Identifier: MIT
/*
 * Owns what an observation says. Allocates nothing: what finds no room in the ring is lost, and
 * the ring tells how much that was.
 */
#include "tell.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include <janus/types.h>

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

static void push(struct janus__teller *teller, struct janus__record *record,
		 const struct janus__texts *texts)
{
	record->time_ns = now_ns();
	record->spec = janus__spec_ref(record->spec);
	teller->told = true;
	if (janus__ring_push(teller->ring, record, texts)) {
		janus__count(&teller->counters->observed_records, 1);
		return;
	}
	janus__spec_unref(record->spec);
	janus__count(&teller->counters->observed_dropped, 1);
}

/* Nobody was asked: allow and deny are told as what they would have been. */
static uint32_t verdict_of(const struct janus__rule *rule)
{
	if (rule->observe)
		return 0;
	return rule->deny ? JANUS_VERDICT_WOULD_DENY : JANUS_VERDICT_ALLOW;
}

/* Who it was, as far as he can still be seen. */
static void push_with_actor(struct janus__teller *teller, struct janus__record *record,
			    struct janus__texts *texts, int32_t pid)
{
	struct janus__actor *actor = janus__actors_recall(teller->actors, pid);

	janus__record_actor(record, actor, texts);
	push(teller, record, texts);
	janus__actors_put(teller->actors, actor);
}

static uint32_t write_path(char *buf, const struct janus__node *node, const char *name)
{
	long length = janus__node_path(node, name, buf, PATH_MAX);

	if (length < 0)
		buf[0] = '\0';
	return length < 0 ? 0 : (uint32_t)length;
}

void janus__tell(struct janus__teller *teller, const struct janus__news *news)
{
	const struct janus__tree *tree = news->node->tree;
	const struct janus__subject *subject = janus__spec_subject_of(tree->spec,
								      tree->rule);
	struct janus__record record = {
		.kind = news->kind,
		.verdict = verdict_of(tree->rule),
		.file_type = news->file_type,
		.spec = tree->spec,
		.rule = tree->rule,
	};
	char path[PATH_MAX], old_path[PATH_MAX];
	struct janus__texts texts = { .at = { path, old_path } };

	if (!tree->active || janus__subject_asks(subject) ||
	    !(subject->events & news->kind))
		return;
	if (record.verdict)
		record.reason = JANUS_REASON_RULE;
	texts.length[JANUS__TEXT_PATH] = write_path(path, news->node, news->name);
	if (news->old_node)
		texts.length[JANUS__TEXT_OLD_PATH] = write_path(old_path, news->old_node,
								news->old_name);
	push_with_actor(teller, &record, &texts, news->pid);
}

void janus__tell_gap(struct janus__teller *teller, const struct janus__tree *tree,
		     const char *path, int err)
{
	struct janus__record record = {
		.kind = JANUS_EVENT_GAP,
		.error = err,
		.spec = tree->spec,
		.rule = tree->rule,
	};
	const struct janus__texts texts = {
		.at = { path },
		.length = { (uint32_t)strlen(path) },
	};

	if (tree->active)
		push(teller, &record, &texts);
}
