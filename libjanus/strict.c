// SPDX-License-Identifier: MIT
/*
 * Owns the table: open addressing, no holes. Must not: allocate, lock, wait for its writer.
 */
#include "strict.h"

/* How often a reader tries before it takes the writer for dead. */
#define TRIES 1000

static uint64_t pack(struct janus__strict_kinds kinds)
{
	return (uint64_t)kinds.own << 32 | kinds.tree;
}

static uint32_t home(uint64_t device, uint64_t number)
{
	uint64_t mixed = (number ^ (device << 32)) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(mixed >> 40) & (JANUS__STRICT_SLOTS - 1);
}

static uint32_t next(uint32_t at)
{
	return (at + 1) & (JANUS__STRICT_SLOTS - 1);
}

/* Where an inode is, or the free slot where its search ends. There always is one. */
static uint32_t look_for(struct janus__strict *strict, uint64_t device, uint64_t number)
{
	uint32_t at = home(device, number);

	for (uint32_t i = 0; i < JANUS__STRICT_SLOTS; i++, at = next(at)) {
		struct janus__strict_slot *slot = &strict->slots[at];
		uint64_t found = atomic_load(&slot->number);

		if (!found || (found == number && atomic_load(&slot->device) == device))
			break;
	}
	return at;
}

static void write_slot(struct janus__strict_slot *slot, uint64_t device, uint64_t number,
		       uint64_t kinds)
{
	atomic_store(&slot->device, device);
	atomic_store(&slot->kinds, kinds);
	atomic_store(&slot->number, number);
}

/* What comes after a slot that was freed moves up, so that no search ends too early. */
static void close_gap(struct janus__strict *strict, uint32_t gap)
{
	for (uint32_t at = next(gap);; at = next(at)) {
		struct janus__strict_slot *slot = &strict->slots[at];
		uint64_t device = atomic_load(&slot->device);
		uint64_t number = atomic_load(&slot->number);
		uint32_t wanted = home(device, number);

		if (!number)
			break;
		if (((at - wanted) & (JANUS__STRICT_SLOTS - 1)) <
		    ((at - gap) & (JANUS__STRICT_SLOTS - 1)))
			continue;
		write_slot(&strict->slots[gap], device, number,
			   atomic_load(&slot->kinds));
		gap = at;
	}
	atomic_store(&strict->slots[gap].number, 0);
}

static void count_tree(struct janus__strict *strict, uint64_t former, uint64_t kinds)
{
	if ((uint32_t)former && !(uint32_t)kinds)
		atomic_fetch_sub(&strict->trees, 1);
	else if (!(uint32_t)former && (uint32_t)kinds)
		atomic_fetch_add(&strict->trees, 1);
}

static void change(struct janus__strict *strict, uint64_t device, uint64_t number,
		   uint64_t kinds)
{
	uint32_t at = look_for(strict, device, number);
	struct janus__strict_slot *slot = &strict->slots[at];
	bool is_there = atomic_load(&slot->number);
	uint64_t former = is_there ? atomic_load(&slot->kinds) : 0;

	if (!is_there && kinds && atomic_load(&strict->count) == JANUS__STRICT_MAX) {
		atomic_store(&strict->full, true);
		return;
	}
	count_tree(strict, former, kinds);
	if (kinds) {
		write_slot(slot, device, number, kinds);
		if (!is_there)
			atomic_fetch_add(&strict->count, 1);
	} else if (is_there) {
		close_gap(strict, at);
		atomic_fetch_sub(&strict->count, 1);
	}
}

void janus__strict_recover(struct janus__strict *strict)
{
	if (!(atomic_load(&strict->version) & 1))
		return;
	atomic_store(&strict->unknown, true);
	atomic_fetch_add(&strict->version, 1);
}

void janus__strict_rebuild(struct janus__strict *strict)
{
	if (!janus__strict_any(strict))
		return;
	atomic_store(&strict->unknown, true);
	atomic_fetch_add(&strict->version, 1);
	for (uint32_t i = 0; i < JANUS__STRICT_SLOTS; i++)
		if (atomic_load(&strict->slots[i].number))
			atomic_store(&strict->slots[i].number, 0);
	atomic_store(&strict->count, 0);
	atomic_store(&strict->trees, 0);
	atomic_store(&strict->full, false);
	atomic_fetch_add(&strict->version, 1);
}

void janus__strict_rebuilt(struct janus__strict *strict)
{
	atomic_store(&strict->unknown, false);
}

void janus__strict_set(struct janus__strict *strict, uint64_t device, uint64_t number,
		       struct janus__strict_kinds kinds)
{
	if (!number)
		return;
	atomic_fetch_add(&strict->version, 1);
	change(strict, device, number, pack(kinds));
	atomic_fetch_add(&strict->version, 1);
}

bool janus__strict_find(struct janus__strict *strict, uint64_t device, uint64_t number,
			struct janus__strict_kinds *ret)
{
	for (int i = 0; i < TRIES; i++) {
		unsigned int before = atomic_load(&strict->version);
		uint32_t at = look_for(strict, device, number);
		bool is_there = atomic_load(&strict->slots[at].number) == number;
		uint64_t kinds = is_there ? atomic_load(&strict->slots[at].kinds) : 0;

		if ((before & 1) || atomic_load(&strict->version) != before)
			continue;
		*ret = (struct janus__strict_kinds){ (uint32_t)(kinds >> 32),
						     (uint32_t)kinds };
		return is_there ||
		       !(atomic_load(&strict->full) || atomic_load(&strict->unknown));
	}
	return false;
}
