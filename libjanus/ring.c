// SPDX-License-Identifier: MIT
/*
 * Owns the bytes between responder and caller. An entry never wraps: what is left before the
 * end of the buffer is skipped with a filler when an entry does not fit there.
 *
 * The head is sequentially consistent, for the reader's sleep hangs on it: the writer moves
 * the head and then looks whether it must wake the reader, the reader says that it sleeps and
 * then looks at the head. One of them sees the other.
 */
#include "ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "spec.h"

struct entry {
	uint32_t size; /* of the whole entry, a multiple of ENTRY_ALIGN */
	bool filler;   /* and nothing else is in it */
	uint32_t lengths[JANUS__TEXT_COUNT];
	struct janus__record record; /* the texts stand behind it */
};

#define ENTRY_ALIGN 16u

int janus__ring_init(struct janus__ring *ring, size_t size)
{
	*ring = (struct janus__ring){ .size = size };
	ring->bytes = malloc(size);
	return ring->bytes ? 0 : -ENOMEM;
}

void janus__ring_done(struct janus__ring *ring)
{
	struct janus__record record;
	struct janus__texts texts;

	while (ring->bytes && janus__ring_peek(ring, &record, &texts)) {
		janus__spec_unref(record.spec);
		janus__ring_pop(ring, &record);
	}
	free(ring->bytes);
	ring->bytes = NULL;
}

static void set_text(struct janus__texts *texts, enum janus__text which, const char *at,
		     uint32_t length)
{
	texts->at[which] = at;
	texts->length[which] = length;
}

static bool has_id(const struct janus__actor *actor, const char *id)
{
	return strlen(id) == actor->container.length &&
	       memcmp(id, actor->cgroups + actor->container.at,
		      actor->container.length) == 0;
}

void janus__record_actor(struct janus__record *record, const struct janus__actor *actor,
			 struct janus__texts *ret)
{
	const struct janus__spec *spec = record->spec;
	bool by_cgroup = spec->container && has_id(actor, spec->container);
	bool by_namespace = spec->container && spec->pid_namespace &&
			    spec->pid_namespace == actor->pid_namespace &&
			    (!actor->container.length ||
			     !janus__container_id_is_full(spec->container));

	record->who = actor->facts;
	set_text(ret, JANUS__TEXT_EXE, actor->exe, actor->exe_length);
	set_text(ret, JANUS__TEXT_CGROUP, actor->cgroups + actor->cgroup.at,
		 actor->cgroup.length);
	set_text(ret, JANUS__TEXT_CONTAINER, actor->cgroups + actor->container.at,
		 actor->container.length);
	if (!by_cgroup && !by_namespace)
		return;
	/*
	 * The watch knows more of it than its cgroup tells; and what names a container that is
	 * called by a plain name has made itself, below its own.
	 */
	set_text(ret, JANUS__TEXT_CONTAINER, spec->container,
		 (uint32_t)strlen(spec->container));
	if (!actor->facts.gone && (!by_cgroup || !*actor->facts.runtime))
		record->who.runtime = spec->runtime;
}

size_t janus__texts_size(const struct janus__texts *texts)
{
	size_t size = 0;

	for (size_t i = 0; i < JANUS__TEXT_COUNT; i++)
		size += (size_t)texts->length[i] + 1;
	return size;
}

void janus__texts_copy(char *to, const struct janus__texts *texts,
		       struct janus__texts *ret)
{
	for (size_t i = 0; i < JANUS__TEXT_COUNT; i++) {
		uint32_t length = texts->length[i];

		if (length)
			memcpy(to, texts->at[i], length);
		to[length] = '\0';
		ret->at[i] = to;
		ret->length[i] = length;
		to += length + 1;
	}
}

static size_t entry_size(const struct janus__texts *texts)
{
	size_t size = sizeof(struct entry) + janus__texts_size(texts);

	return (size + ENTRY_ALIGN - 1) & ~(size_t)(ENTRY_ALIGN - 1);
}

static struct entry *entry_at(const struct janus__ring *ring, size_t position)
{
	return (struct entry *)(void *)(ring->bytes + (position & (ring->size - 1)));
}

/* Room for one entry: NULL if there is none. @head moves over a filler, if one was needed. */
static struct entry *make_room(struct janus__ring *ring, size_t *head, size_t size)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
	size_t to_end = ring->size - (*head & (ring->size - 1));
	size_t skip = size > to_end ? to_end : 0;
	struct entry *entry = entry_at(ring, *head);

	if (skip + size > ring->size - (*head - tail))
		return NULL;
	if (skip) {
		entry->size = (uint32_t)skip;
		entry->filler = true;
		*head += skip;
		entry = entry_at(ring, *head);
	}
	return entry;
}

static bool put(struct janus__ring *ring, const struct janus__record *record,
		const struct janus__texts *texts)
{
	size_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	size_t size = entry_size(texts);
	struct entry *entry = make_room(ring, &head, size);
	struct janus__texts copied;

	if (!entry)
		return false;
	entry->size = (uint32_t)size;
	entry->filler = false;
	entry->record = *record;
	janus__texts_copy((char *)(entry + 1), texts, &copied);
	memcpy(entry->lengths, copied.length, sizeof(entry->lengths));
	atomic_store(&ring->head, head + size);
	return true;
}

/* The number is published last: who sees it sees the record too, or knows that it is lost. */
bool janus__ring_push(struct janus__ring *ring, struct janus__record *record,
		      const struct janus__texts *texts)
{
	bool fits;

	record->sequence = atomic_load_explicit(&ring->sequence, memory_order_relaxed) +
			   1;
	fits = put(ring, record, texts);
	atomic_store(&ring->sequence, record->sequence);
	return fits;
}

bool janus__ring_is_half_full(const struct janus__ring *ring)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);

	return atomic_load_explicit(&ring->head, memory_order_relaxed) - tail >
	       ring->size / 2;
}

void janus__ring_lose(struct janus__ring *ring, uint64_t count)
{
	atomic_fetch_add(&ring->sequence, count);
}

/* Number by number, from what was told last up to @last. */
static bool show_gap(const struct janus__ring *ring, uint64_t last,
		     struct janus__record *ret)
{
	if (last <= ring->told) /* it takes a record before its number is published */
		return false;
	*ret = (struct janus__record){ .lost = last - ring->told, .sequence = last };
	return true;
}

/* The oldest entry; NULL: none. */
static const struct entry *oldest(const struct janus__ring *ring, size_t *ret_tail)
{
	size_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	const struct entry *entry;

	if (tail == atomic_load(&ring->head))
		return NULL;
	entry = entry_at(ring, tail);
	if (entry->filler) {
		tail += entry->size;
		entry = entry_at(ring, tail);
	}
	*ret_tail = tail;
	return entry;
}

static void show_texts(const struct entry *entry, struct janus__texts *ret)
{
	const char *at = (const char *)(entry + 1);

	for (size_t i = 0; i < JANUS__TEXT_COUNT; i++) {
		ret->at[i] = at;
		ret->length[i] = entry->lengths[i];
		at += entry->lengths[i] + 1;
	}
}

bool janus__ring_peek(const struct janus__ring *ring, struct janus__record *ret,
		      struct janus__texts *ret_texts)
{
	/* Before the entries: all up to this number are in the ring by now, or lost. */
	uint64_t sequence = atomic_load(&ring->sequence);
	size_t tail;
	const struct entry *entry = oldest(ring, &tail);

	*ret_texts = (struct janus__texts){ .length = { 0 } };
	if (!entry)
		return show_gap(ring, sequence, ret);
	if (show_gap(ring, entry->record.sequence - 1, ret))
		return true;
	*ret = entry->record;
	show_texts(entry, ret_texts);
	return true;
}

void janus__ring_pop(struct janus__ring *ring, const struct janus__record *shown)
{
	const struct entry *entry;
	size_t tail;

	ring->told = shown->sequence;
	if (!shown->spec)
		return;
	entry = oldest(ring, &tail);
	atomic_store_explicit(&ring->tail, tail + entry->size, memory_order_release);
}
