// SPDX-License-Identifier: MIT
#include "privileges.h"

#include <cap-ng.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "util.h"

/*
 * fanotify, and marks in file systems of others; the roots and programs of other processes; files
 * of containers that root may not read as such, by path and by handle; and the groups that audit
 * records can be asked of. Everything else, up to the right to overrule a file's mode for
 * writing, janusd does without.
 */
static const unsigned int keepers[] = { CAP_SYS_ADMIN, CAP_SYS_PTRACE,
					CAP_DAC_READ_SEARCH, CAP_AUDIT_WRITE };
static const unsigned int workers[] = { CAP_SYS_ADMIN, CAP_SYS_PTRACE,
					CAP_DAC_READ_SEARCH };

/* Root has them back when it executes something; others need them to be ambient for that. */
static capng_type_t sets_of_kept(void)
{
	if (geteuid())
		return CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_INHERITABLE |
		       CAPNG_BOUNDING_SET | CAPNG_AMBIENT;
	return CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET;
}

/* The bounding set is not to be changed by everybody; where it is, it has to go first. */
static int confine(const unsigned int *caps, size_t count)
{
	capng_select_t select = CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT;
	uint64_t held = 0;

	if (capng_get_caps_process())
		return -1;
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		select |= CAPNG_SELECT_BOUNDS;
	for (size_t i = 0; i < count; i++)
		if (capng_have_capability(CAPNG_PERMITTED, caps[i]))
			held |= UINT64_C(1) << caps[i];
	capng_clear(CAPNG_SELECT_ALL);
	for (size_t i = 0; i < count; i++)
		if (held & (UINT64_C(1) << caps[i]))
			capng_update(CAPNG_ADD, sets_of_kept(), caps[i]);
	return capng_apply(select) ? -1 : 0;
}

int privileges_confine(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return confine(keepers, ARRAY_COUNT(keepers));
}

int privileges_confine_worker(void)
{
	return confine(workers, ARRAY_COUNT(workers));
}

int privileges_rest(struct privileges *ret)
{
	ret->effective = 0;
	if (capng_get_caps_process())
		return -1;
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (!capng_have_capability(CAPNG_EFFECTIVE, cap))
			continue;
		ret->effective |= UINT64_C(1) << cap;
		capng_update(CAPNG_DROP, CAPNG_EFFECTIVE, cap);
	}
	return ret->effective ? capng_apply(CAPNG_SELECT_CAPS) : 0;
}

int privileges_raise(const struct privileges *privileges)
{
	if (!privileges->effective)
		return 0;
	if (capng_get_caps_process())
		return -1;
	for (unsigned int cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (privileges->effective & (UINT64_C(1) << cap))
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE, cap);
	return capng_apply(CAPNG_SELECT_CAPS);
}
