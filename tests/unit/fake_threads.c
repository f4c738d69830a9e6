// SPDX-License-Identifier: MIT
/*
 * What the fake kernel's calls about processes and threads do.
 */
#include <errno.h>
#include <string.h>

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

int fake_ns_owner(int fd, uint32_t *ret)
{
	(void)ret;
	return (int)fake_leave(fake_enter("ns_owner", fd) ? -EIO : -ENOTTY);
}

int fake_epoll_create(void)
{
	int err = fake_enter("epoll_create", -1);

	return (int)fake_leave(err ? err : fake_new_fd(FAKE_EPOLL, NULL));
}

int fake_epoll_add(int epoll, int fd, void *data)
{
	int err = fake_enter("epoll_add", fd);

	if (!err && (!fake_get(epoll) || !fake_get(fd)))
		err = -EBADF;
	if (!err) {
		fake_get(fd)->epoll = epoll;
		fake_get(fd)->data = data;
	}
	return (int)fake_leave(err);
}

int fake_epoll_delete(int epoll, int fd)
{
	int err = fake_enter("epoll_delete", fd);

	if (!err && (!fake_get(fd) || fake_get(fd)->epoll != epoll))
		err = -ENOENT;
	if (!err)
		fake_get(fd)->epoll = 0;
	return (int)fake_leave(err);
}

int fake_epoll_wait(int epoll, void **ret, int count)
{
	int found = fake_enter("epoll_wait", epoll);

	for (int fd = FAKE_FIRST_FD; found >= 0 && found < count && fake_in_use(fd); fd++)
		if (fake_get(fd) && fake_get(fd)->epoll == epoll &&
		    fake_get(fd)->counter > 0)
			ret[found++] = fake_get(fd)->data;
	return (int)fake_leave(found);
}

int fake_timer_create(void)
{
	int err = fake_enter("timer_create", -1);

	return (int)fake_leave(err ? err : fake_new_fd(FAKE_EVENTFD, NULL));
}

int fake_timer_set(int timer, int64_t when_ns)
{
	(void)when_ns;
	return (int)fake_leave(fake_enter("timer_set", timer));
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

/* The watchdog, in a kernel where no time passes. */
static void *run_nothing(void *arg)
{
	return arg;
}

int fake_thread_create(void *thread, const char *name, void *(*run)(void *), void *arg)
{
	int err = fake_enter("thread_create", -1);

	fake_leave(0);
	if (err)
		return err;
	if (strcmp(name, "janus-responder") != 0)
		return janus__kernel_linux.thread_create(thread, name, run_nothing, NULL);
	responder_run = run;
	return janus__kernel_linux.thread_create(thread, name, run_thread, arg);
}
