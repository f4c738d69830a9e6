// SPDX-License-Identifier: MIT
#include "guards_tally.h"

#include <stdio.h>
#include <string.h>

#include "guards_internal.h"
#include "janus/v1/guard_service.pb-c.h"
#include "text.h"

static void name_first(const struct guard *guard, struct guards_tally *ret)
{
	struct text_quote name, pod;

	snprintf(ret->first, sizeof(ret->first), "'%.100s' of pod '%.100s'",
		 text_quote(&name, guard->config->name),
		 text_quote(&pod, guard->config->pod));
}

void guards_tally(const struct guards *guards, struct guards_tally *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < guards->count; i++) {
		const struct guard *guard = guards->in_order[i];

		ret->targets += guard->target_count;
		switch (guard_state_of(guard)) {
		case JANUS__V1__GUARD_STATE__GUARD_STATE_EFFECTIVE:
			ret->effective++;
			continue;
		case JANUS__V1__GUARD_STATE__GUARD_STATE_WAITING:
			ret->waiting++;
			continue;
		case JANUS__V1__GUARD_STATE__GUARD_STATE_PARTIAL:
			ret->partial++;
			break;
		default:
			ret->failed++;
		}
		if (ret->partial + ret->failed == 1)
			name_first(guard, ret);
	}
}
