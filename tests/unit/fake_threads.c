// SPDX-License-Identifier: MIT
/*
 * What the fake kernel's calls about processes and threads do.
 */
#include <errno.h>

#include "fake_world.h"

int fake_pidfd_open(int32_t pid)
{
	int err = fake_enter("pidfd_open", pid);

	return (int)fake_leave(err ? err : fake_new_fd(FAKE_EVENTFD, NULL));
}

int fake_pidfd_alive(int pidfd)
{
	return (int)fake_leave(fake_enter("pidfd_alive", pidfd));
}

int fake_pidfd_open_thread(int32_t tid)
{
	int err = fake_enter("pidfd_open_thread", tid);

	return (int)fake_leave(err ? err : fake_new_fd(FAKE_EVENTFD, NULL));
}

/* An older kernel, so that what /proc says is what counts. */
int fake_pidfd_info(int pidfd, struct janus__pidfd_info *ret)
{
	int err = fake_enter("pidfd_info", pidfd);

	(void)ret;
	return (int)fake_leave(err ? err : -ENOTTY);
}

static void *(*responder_run)(void *);

static void *run_thread(void *arg)
{
	void *ret = responder_run(arg);

	fake_enter("thread_end", -1);
	fake.responder_gone = true;
	fake_leave(0);
	return ret;
}

int fake_thread_create(void *thread, void *(*run)(void *), void *arg)
{
	int err = fake_enter("thread_create", -1);

	fake_leave(0);
	responder_run = run;
	return err ? err : janus__kernel_linux.thread_create(thread, run_thread, arg);
}
