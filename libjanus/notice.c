// SPDX-License-Identifier: MIT
#include "notice.h"

#include <stdlib.h>
#include <time.h>

void janus__notices_init(struct janus__notices *notices)
{
	notices->first = NULL;
	notices->last = &notices->first;
}

void janus__notices_done(struct janus__notices *notices)
{
	while (notices->first) {
		janus__spec_unref(notices->first->record.spec);
		janus__notices_pop(notices);
	}
}

void janus__notices_add(struct janus__notices *notices, struct janus__notice *notice,
			uint32_t kind, struct janus__spec *spec, int err)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*notice = (struct janus__notice){
		.record = {
			.kind = kind,
			.error = err,
			.time_ns = now.tv_sec * 1000000000 + now.tv_nsec,
			.spec = spec,
		},
	};
	*notices->last = notice;
	notices->last = &notice->next;
}

void janus__notices_pop(struct janus__notices *notices)
{
	struct janus__notice *first = notices->first;

	notices->first = first->next;
	if (!notices->first)
		notices->last = &notices->first;
	free(first);
}
