// SPDX-License-Identifier: MIT
#include "privileges.h"

#include <cap-ng.h>

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
