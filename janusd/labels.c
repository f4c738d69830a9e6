// SPDX-License-Identifier: MIT
#include "labels.h"

#include <janus/event.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guards.h"
#include "template.h"
#include "util.h"

#define BUCKETS 4096

/*
 * A retired label goes when the records have been drained since and some time has passed,
 * for the thread that answers may be on its way with one more. Beyond the count the
 * oldest goes at once, so that a controller which replaces without end cannot fill the
 * memory.
 */
#define RETIRED_MAX 1024
#define RETIRED_SECONDS 5

struct entry {
	struct label label;
	struct template *template;
	struct entry *next;         /* in the bucket */
	struct entry *next_retired; /* from the oldest to the youngest */
	time_t retired_at;
	char names[];
};

struct labels {
	struct entry *buckets[BUCKETS];
	struct entry *oldest;
	struct entry *youngest;
	size_t retired;
	uint64_t last_id;
};

struct labels *labels_create(void)
{
	return calloc(1, sizeof(struct labels));
}

static void leave_tally(struct entry *entry)
{
	if (!--entry->label.tally->labels)
		free(entry->label.tally);
}

static void entry_free(struct entry *entry)
{
	leave_tally(entry);
	template_destroy(entry->template);
	free(entry);
}

void labels_destroy(struct labels *labels)
{
	if (!labels)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (labels->buckets[i]) {
			struct entry *entry = labels->buckets[i];

			labels->buckets[i] = entry->next;
			entry_free(entry);
		}
	free(labels);
}

const struct label *labels_add(struct labels *labels, const struct label_names *names,
			       struct template *template)
{
	size_t name_size = strlen(names->name) + 1;
	size_t pod_size = strlen(names->pod) + 1;
	size_t node_size = strlen(names->node) + 1;
	struct entry *entry = calloc(1,
				     sizeof(*entry) + name_size + pod_size + node_size);
	struct entry **bucket;
	char *at;

	if (!entry)
		return NULL;
	entry->label.tally = calloc(1, sizeof(*entry->label.tally));
	if (!entry->label.tally) {
		free(entry);
		return NULL;
	}
	entry->label.tally->labels = 1;
	at = entry->names;
	entry->label.id = ++labels->last_id;
	entry->label.name = memcpy(at, names->name, name_size);
	at += name_size;
	entry->label.pod = memcpy(at, names->pod, pod_size);
	at += pod_size;
	entry->label.node = memcpy(at, names->node, node_size);
	entry->label.template = template;
	entry->template = template;
	bucket = &labels->buckets[entry->label.id % BUCKETS];
	entry->next = *bucket;
	*bucket = entry;
	return &entry->label;
}

static struct entry *find(const struct labels *labels, uint64_t id)
{
	struct entry *entry = labels->buckets[id % BUCKETS];

	while (entry && entry->label.id != id)
		entry = entry->next;
	return entry;
}

const struct label *labels_find(const struct labels *labels, uint64_t id)
{
	const struct entry *entry = find(labels, id);

	return entry ? &entry->label : NULL;
}

void labels_set_guard(struct labels *labels, const struct label *label,
		      struct guard *guard)
{
	struct entry *entry = find(labels, label->id);

	entry->label.guard = guard;
	entry->label.generation = guard->generation;
}

void labels_share_tally(struct labels *labels, const struct label *label,
			const struct label *old)
{
	struct entry *entry = find(labels, label->id);

	leave_tally(entry);
	entry->label.tally = old->tally;
	entry->label.tally->labels++;
}

void labels_count(const struct labels *labels, const struct janus_event *event)
{
	const struct entry *entry = find(labels, janus_event_get_cookie(event));
	const uint32_t reason = janus_event_get_reason(event);

	if (!entry || janus_event_get_kind(event) == JANUS_EVENT_GAP)
		return;
	switch (janus_event_get_verdict(event)) {
	case JANUS_VERDICT_ALLOW:
		entry->label.tally->allowed++;
		break;
	case JANUS_VERDICT_DENY:
		entry->label.tally->denied++;
		break;
	case JANUS_VERDICT_WOULD_DENY:
		entry->label.tally->would_deny++;
		break;
	default:
		entry->label.tally->observed++;
	}
	if (reason == JANUS_REASON_FAILURE || reason == JANUS_REASON_DEADLINE)
		entry->label.tally->failed++;
}

static void forget_oldest(struct labels *labels)
{
	struct entry *entry = labels->oldest;
	struct entry **link = &labels->buckets[entry->label.id % BUCKETS];

	while (*link != entry)
		link = &(*link)->next;
	*link = entry->next;
	labels->oldest = entry->next_retired;
	if (!labels->oldest)
		labels->youngest = NULL;
	labels->retired--;
	entry_free(entry);
}

static time_t now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

void labels_retire(struct labels *labels, const struct label *label)
{
	struct entry *entry = find(labels, label->id);

	entry->label.guard = NULL;
	entry->retired_at = now_seconds();
	if (labels->youngest)
		labels->youngest->next_retired = entry;
	else
		labels->oldest = entry;
	labels->youngest = entry;
	if (++labels->retired > RETIRED_MAX)
		forget_oldest(labels);
}

void labels_drained(struct labels *labels)
{
	time_t now;

	if (!labels->oldest)
		return;
	now = now_seconds();
	while (labels->oldest && now - labels->oldest->retired_at > RETIRED_SECONDS)
		forget_oldest(labels);
}
