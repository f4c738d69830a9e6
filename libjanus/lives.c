// SPDX-License-Identifier: MIT
/*
 * Owns the pidfds of targets. A pid that is used again is another process's: it is told by its
 * start time when the pidfd is opened, and by the pidfd from then on.
 */
#include "lives.h"

#include <errno.h>
#include <stdlib.h>

static struct janus__life *find(const struct janus__lives *lives,
				struct janus__process process)
{
	struct janus__life *life = lives->first;

	while (life && (life->process.pid != process.pid ||
			life->process.start_time != process.start_time))
		life = life->next;
	return life;
}

/* Returns an fd. */
static int open_life(const struct janus__lives *lives, const struct janus__proc *proc,
		     struct janus__process process)
{
	janus__autoclose struct janus__fd pidfd = {
		.kernel = lives->kernel,
		.fd = lives->kernel->pidfd_open(process.pid),
	};
	struct janus__proc_stat stat;
	int err = pidfd.fd < 0 ? pidfd.fd
			       : janus__proc_read_stat(proc, process.pid, &stat);

	if (err < 0)
		return err;
	if (stat.start_time != process.start_time)
		return -ESRCH;
	return janus__fd_steal(&pidfd);
}

int janus__lives_hold(struct janus__lives *lives, const struct janus__proc *proc,
		      struct janus__process process, struct janus__life **ret)
{
	struct janus__life *life = find(lives, process);
	int err;

	if (life) {
		life->holders++;
		*ret = life;
		return 0;
	}
	life = calloc(1, sizeof(*life));
	if (!life)
		return -ENOMEM;
	life->process = process;
	life->pidfd = open_life(lives, proc, process);
	err = life->pidfd < 0
		      ? life->pidfd
		      : lives->kernel->epoll_add(lives->epoll_fd, life->pidfd, life);
	if (err < 0) {
		if (life->pidfd >= 0)
			lives->kernel->close(life->pidfd);
		free(life);
		return err;
	}
	life->holders = 1;
	life->next = lives->first;
	lives->first = life;
	*ret = life;
	return 0;
}

void janus__lives_end(struct janus__lives *lives, struct janus__life *life)
{
	if (life->pidfd < 0)
		return;
	lives->kernel->epoll_delete(lives->epoll_fd, life->pidfd);
	lives->kernel->close(life->pidfd);
	life->pidfd = -1;
	lives->ended++;
}

void janus__lives_release(struct janus__lives *lives, struct janus__life *life)
{
	struct janus__life **link = &lives->first;

	if (!life || --life->holders)
		return;
	while (*link != life)
		link = &(*link)->next;
	*link = life->next;
	janus__lives_end(lives, life);
	lives->ended--;
	free(life);
}
