// SPDX-License-Identifier: MIT
/*
 * Owns the slabs, and what is free in each. A piece's offset leads to its slab, so that what is
 * given back can be used again at once: whoever makes things and deletes them takes no more
 * memory than for what there was at the same time.
 */
#include "slab.h"

#include <stdlib.h>
#include <string.h>

#define SLAB_BYTES 32768u
#define FEWEST 4u

/* Where faults of memory are looked for, each piece has to lie by itself. */
#if defined(__SANITIZE_ADDRESS__)
#define LARGEST 0u
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LARGEST 0u
#endif
#endif
#ifndef LARGEST
#define LARGEST JANUS__SLAB_LARGEST
#endif

struct janus__slab {
	struct janus__slab *next, **link; /* in its kind, while there is room */
	unsigned char *free; /* each piece begins with the address of the next */
	uint32_t kind;
	uint32_t room;
	uint32_t used;    /* pieces that live */
	uint32_t touched; /* pieces that lived at some time */
	unsigned char pieces[];
};

static size_t size_of(const struct janus__slab *slab)
{
	return (size_t)slab->kind * JANUS__SLAB_STEP;
}

static void hang(struct janus__slab *slab, struct janus__slab **first)
{
	slab->link = first;
	slab->next = *first;
	if (*first)
		(*first)->link = &slab->next;
	*first = slab;
}

static void unhang(struct janus__slab *slab)
{
	*slab->link = slab->next;
	if (slab->next)
		slab->next->link = slab->link;
}

/* As many again as there are, so that few things take little. */
static struct janus__slab *make(struct janus__slab_kind *kind, uint32_t number)
{
	size_t size = (size_t)number * JANUS__SLAB_STEP, room = kind->live;
	size_t most = (SLAB_BYTES - sizeof(struct janus__slab)) / size;
	struct janus__slab *slab;

	if (room < FEWEST)
		room = FEWEST;
	if (room > most)
		room = most;
	slab = malloc(sizeof(*slab) + room * size);
	if (!slab)
		return NULL;
	slab->free = NULL;
	slab->kind = number;
	slab->room = (uint32_t)room;
	slab->used = 0;
	slab->touched = 0;
	hang(slab, &kind->first);
	return slab;
}

static void *take_from(struct janus__slab *slab, uint32_t *ret_offset)
{
	unsigned char *piece = slab->free;

	if (piece)
		memcpy(&slab->free, piece, sizeof(slab->free));
	else
		piece = slab->pieces + size_of(slab) * slab->touched++;
	if (++slab->used == slab->room)
		unhang(slab);
	*ret_offset = (uint32_t)(piece - (unsigned char *)slab);
	return piece;
}

void *janus__slab_take(struct janus__slabs *slabs, size_t size, uint32_t *ret_offset)
{
	struct janus__slab_kind *kind;
	struct janus__slab *slab;
	uint32_t number;

	*ret_offset = 0;
	size += !size;
	if (size > LARGEST)
		return malloc(size);
	number = (uint32_t)((size + JANUS__SLAB_STEP - 1) / JANUS__SLAB_STEP);
	kind = &slabs->kinds[number];
	slab = kind->first ? kind->first : make(kind, number);
	if (!slab)
		return NULL;
	kind->live++;
	return take_from(slab, ret_offset);
}

void janus__slab_give(struct janus__slabs *slabs, void *piece, uint32_t offset)
{
	struct janus__slab *slab;

	if (!offset) {
		free(piece);
		return;
	}
	slab = (struct janus__slab *)(void *)((unsigned char *)piece - offset);
	slabs->kinds[slab->kind].live--;
	if (slab->used == slab->room)
		hang(slab, &slabs->kinds[slab->kind].first);
	if (--slab->used == 0) {
		unhang(slab);
		free(slab);
		return;
	}
	memcpy(piece, &slab->free, sizeof(slab->free));
	slab->free = piece;
}
