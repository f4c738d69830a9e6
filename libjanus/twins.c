// SPDX-License-Identifier: MIT
#include "twins.h"

/* Longer than one answer takes, shorter than somebody needs to do the same again by hand. */
#define TWIN_NS 200000000

static struct janus__twin *slot_of(struct janus__twins *twins,
				   const struct janus__access *access)
{
	uint64_t mixed = access->inode.number ^ (access->inode.device << 32) ^
			 ((uint64_t)(uint32_t)access->pid << 16) ^ access->kind;

	mixed *= 0x9e3779b97f4a7c15u;
	return &twins->slots[(mixed >> 32) & (JANUS__TWINS_COUNT - 1)];
}

static bool is_same(const struct janus__access *a, const struct janus__access *b)
{
	return a->inode.number == b->inode.number && a->inode.device == b->inode.device &&
	       a->pid == b->pid && a->kind == b->kind;
}

bool janus__twins_meet(struct janus__twins *twins, const struct janus__access *access)
{
	struct janus__twin *twin = slot_of(twins, access);
	int64_t passed_ns = access->time_ns - twin->first.time_ns;
	bool recent = twin->waiting && passed_ns >= 0 && passed_ns < TWIN_NS &&
		      is_same(&twin->first, access);

	if (recent && twin->first.wide != access->wide) {
		twin->waiting--;
		return true;
	}
	twin->waiting = recent ? twin->waiting + 1 : 1;
	twin->first = *access;
	return false;
}
