// SPDX-License-Identifier: MIT
/*
 * Janus as a guest of a loop that is not its own: an epoll with a signalfd, a timer that
 * prints a counter each second, and the context's fd. Closes the three fds that it opens.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "guard.h"
#include "show.h"

struct loop {
	struct janus_context *context;
	struct janus_event_buffer *buffer;
	int epoll, signals, timer;
};

static int add(const struct loop *l, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return fd < 0 ? fd : epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event);
}

static int loop_open(struct loop *l)
{
	const struct itimerspec each_second = { { 1, 0 }, { 1, 0 } };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->signals = signalfd(-1, &set, SFD_CLOEXEC);
	l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (l->epoll < 0 || add(l, l->signals) < 0 || add(l, l->timer) < 0 ||
	    add(l, janus_get_fd(l->context)) < 0 ||
	    timerfd_settime(l->timer, 0, &each_second, NULL) < 0)
		return -errno;
	return 0;
}

static int deny(struct janus_context *context, const char *path)
{
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;

	subject.deny = &path;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_ALL_PERMISSION;
	return guard(context, &options, &subject);
}

static void tick(const struct loop *l)
{
	struct janus_stats stats = JANUS_STATS_INIT;
	uint64_t expired;

	if (read(l->timer, &expired, sizeof(expired)) == sizeof(expired) &&
	    janus_get_stats(l->context, &stats) == 0)
		printf("tick: %" PRIu64 " denied\n", stats.denied);
	fflush(stdout);
}

static int run(const struct loop *l)
{
	struct epoll_event event;
	int r;

	for (;;) {
		if (epoll_wait(l->epoll, &event, 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (event.data.fd == l->signals)
			return 0;
		if (event.data.fd == l->timer)
			tick(l);
		else if ((r = janus_poll(l->context, l->buffer, 0)) < 0)
			return r;
		else
			show_events(l->buffer);
	}
}

int main(int argc, char **argv)
{
	struct loop l = { .epoll = -1, .signals = -1, .timer = -1 };
	int r, help = argc == 2 && strcmp(argv[1], "--help") == 0;

	if (argc != 2 || help) {
		fprintf(help ? stdout : stderr, "Usage: external_epoll FILE\n");
		return help ? 0 : 2;
	}
	r = janus_event_buffer_create(&l.buffer, 0);
	if (r == 0)
		r = janus_context_create(&l.context, NULL);
	if (r == 0)
		r = loop_open(&l);
	if (r == 0)
		r = deny(l.context, argv[1]);
	if (r == 0)
		r = run(&l);
	if (r < 0)
		fprintf(stderr, "external_epoll: stopped: %s\n", janus_strerror(r));
	close(l.epoll);
	close(l.signals);
	close(l.timer);
	janus_context_destroy(l.context);
	janus_event_buffer_destroy(l.buffer);
	return r < 0;
}
