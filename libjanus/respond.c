// SPDX-License-Identifier: MIT
#include "respond.h"

#include <errno.h>
#include <stdint.h>

int janus__respond(const struct janus__kernel *kernel, int group,
		   const struct janus__answer *answer)
{
	struct fanotify_response response = {
		.fd = answer->fd,
		.response = answer->deny ? FAN_DENY : FAN_ALLOW,
	};
	ssize_t written;

	if (answer->audit)
		response.response |= FAN_AUDIT;
	do
		written = kernel->write(group, &response, sizeof(response));
	while (written == -EINTR);
	if (written == -ENOENT)
		return 0;
	return written < 0 ? (int)written : 0;
}
