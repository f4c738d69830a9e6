// SPDX-License-Identifier: MIT
#include "reserve.h"

#include <sys/eventfd.h>

/* What few there are beside the reserve are those that are missing otherwise. */
#define BESIDE 16u

static unsigned int open_some(const struct janus__kernel *kernel, int *fds,
			      unsigned int count)
{
	unsigned int opened = 0;

	while (opened < count) {
		int fd = kernel->eventfd(0, EFD_CLOEXEC);

		if (fd < 0)
			break;
		fds[opened++] = fd;
	}
	return opened;
}

static void close_some(const struct janus__kernel *kernel, const int *fds,
		       unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		kernel->close(fds[i]);
}

bool janus__reserve_fill(struct janus__reserve *reserve)
{
	int beside[BESIDE];
	unsigned int count;

	if (reserve->count)
		return true;
	reserve->count = open_some(reserve->kernel, reserve->fds, JANUS__RESERVE_COUNT);
	count = open_some(reserve->kernel, beside, BESIDE);
	close_some(reserve->kernel, beside, count);
	if (count == BESIDE)
		return true;
	janus__reserve_release(reserve);
	return false;
}

void janus__reserve_release(struct janus__reserve *reserve)
{
	close_some(reserve->kernel, reserve->fds, reserve->count);
	reserve->count = 0;
}
