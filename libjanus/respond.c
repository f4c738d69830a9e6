// SPDX-License-Identifier: MIT
#include "respond.h"

#include <errno.h>
#include <stdint.h>

/* An opener that gets no answer waits for ever: one failure is not taken for an answer. */
#define TRIES 4

int janus__respond(const struct janus__kernel *kernel, int group,
		   const struct janus__answer *answer)
{
	struct fanotify_response response = {
		.fd = answer->fd,
		.response = answer->deny ? FAN_DENY : FAN_ALLOW,
	};
	ssize_t written = 0;

	if (answer->audit)
		response.response |= FAN_AUDIT;
	for (int i = 0; i < TRIES; i++) {
		written = kernel->write(group, &response, sizeof(response));
		if (written >= 0 || written == -ENOENT)
			return written == -ENOENT;
		/* Better an answer without a record than none. */
		if (written == -EINVAL)
			response.response &= ~(uint32_t)FAN_AUDIT;
	}
	return (int)written;
}
