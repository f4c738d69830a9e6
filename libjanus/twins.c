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

static bool is_recent(const struct janus__twin *twin, const struct janus__access *access)
{
	int64_t passed_ns = access->time_ns - twin->first.time_ns;

	return twin->waiting && passed_ns >= 0 && passed_ns < TWIN_NS &&
	       janus__access_is_same(&twin->first, access);
}

bool janus__twins_second(struct janus__twins *twins, const struct janus__access *access)
{
	struct janus__twin *twin = slot_of(twins, access);

	if (!is_recent(twin, access) || twin->first.wide == access->wide)
		return false;
	twin->waiting--;
	return true;
}

bool janus__twins_meet(struct janus__twins *twins, const struct janus__access *access)
{
	struct janus__twin *twin = slot_of(twins, access);

	if (janus__twins_second(twins, access))
		return true;
	twin->waiting = is_recent(twin, access) ? twin->waiting + 1 : 1;
	twin->first = *access;
	return false;
}
