// SPDX-License-Identifier: MIT
/*
 * Owns when it is looked. Must not: allocate, log, wait for anything but time, the groups and
 * the end.
 */
#include "watchdog.h"

#include <poll.h>
#include <time.h>

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Until somebody opens something, or it is time to end. */
static void sleep_idly(const struct janus__watchdog *watchdog)
{
	struct pollfd fds[] = {
		{ .fd = watchdog->stop_fd, .events = POLLIN },
		{ .fd = watchdog->overdue.wake_fd, .events = POLLIN },
		{ .fd = watchdog->overdue.group_fd, .events = POLLIN },
		{ .fd = watchdog->overdue.wide_fd, .events = POLLIN },
	};

	(void)watchdog->overdue.kernel->poll(fds, 4, -1);
}

static void sleep_briefly(const struct janus__watchdog *watchdog)
{
	struct pollfd stop = { .fd = watchdog->stop_fd, .events = POLLIN };

	(void)watchdog->overdue.kernel->poll(&stop, 1, JANUS__OVERDUE_TICK_NS);
}

static void *run(void *arg)
{
	struct janus__watchdog *watchdog = arg;
	bool idle = false;

	while (!atomic_load(&watchdog->stopping)) {
		int64_t now;

		if (idle)
			sleep_idly(watchdog);
		else
			sleep_briefly(watchdog);
		now = now_ns();
		(void)janus__overdue_look(&watchdog->overdue, now);
		idle = janus__overdue_may_sleep(&watchdog->overdue, now);
	}
	return NULL;
}

int janus__watchdog_start(struct janus__watchdog *watchdog)
{
	int err = watchdog->overdue.kernel->thread_create(
		&watchdog->thread, "janus-watchdog", run, watchdog);

	watchdog->started = !err;
	return err;
}

void janus__watchdog_stop(struct janus__watchdog *watchdog)
{
	if (!watchdog->started)
		return;
	atomic_store(&watchdog->stopping, true);
	pthread_join(watchdog->thread, NULL);
	watchdog->started = false;
}
