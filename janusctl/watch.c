// SPDX-License-Identifier: MIT
/*
 * Owns the loop and how it ends. All there is is printed before anybody waits; the signals are
 * taken from when the watch is in force until the context ends.
 */
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <janus/context.h>
#include <janus/error.h>
#include <janus/event.h>

#include "output.h"
#include "util.h"
#include "watch_line.h"
#include "watch_out.h"
#include "watch_setup.h"
#include "watch_tell.h"

#define BATCH_EVENTS 4096
#define BUSY_NS INT64_C(20000000) /* events that are so close are many */
#define NAP_NS INT64_C(10000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_SECOND INT64_C(1000000000)

enum watch_status {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_TOO_FEW = 3,
};

struct watch_loop {
	const struct cmdline *cmdline;
	struct janus_context *context;
	struct janus_event_buffer *buffer;
	struct watch_out out;
	struct watch_format format;
	int32_t own_pid;
	int64_t end_ns;     /* CLOCK_MONOTONIC; 0: none */
	int64_t printed_ns; /* likewise: the last batch */
	uint64_t seen;
	bool ended; /* the process whose tree it is */
};

static volatile sig_atomic_t stopped;
static struct janus_context *wakes;

static void stop(int number)
{
	int saved = errno;

	(void)number;
	stopped = 1;
	janus_wakeup(wakes);
	errno = saved;
}

/* The second of a kind ends the program at once: stdout may be stuck. */
static void take_signals(struct janus_context *context)
{
	struct sigaction action = { .sa_handler = stop, .sa_flags = (int)SA_RESETHAND };

	wakes = context;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void release_signals(void)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static struct watch_line line_of(const struct janus_event *event)
{
	struct watch_line line = {
		.time_ns = janus_event_get_time_ns(event),
		.kind = janus_event_get_kind(event),
		.file_type = janus_event_get_file_type(event),
		.pid = janus_event_get_pid(event),
		.path = janus_event_get_path(event),
		.old_path = janus_event_get_old_path(event),
	};

	if (line.kind == JANUS_EVENT_GAP) {
		line.error = janus_event_get_error(event);
		line.lost = janus_event_get_lost_count(event);
	} else if (janus_event_get_exe(event)[0]) {
		line.exe = janus_event_get_exe(event);
	}
	return line;
}

/* Return: 0, or what watch_out_reserve() returns. */
static int print(struct watch_loop *loop, const struct janus_event *event)
{
	struct watch_line line = line_of(event);
	struct watch_out *out = &loop->out;
	int err;

	if (line.kind == JANUS_EVENT_END) {
		loop->ended = true;
		return 0;
	}

	/* Lines that go to a file in the tree would have lines of their own. */
	if (line.pid == loop->own_pid)
		return 0;
	err = watch_out_reserve(out, watch_format_bound(&loop->format, &line));
	if (err)
		return err;
	out->used =
		(size_t)(watch_format_put(&loop->format, out->data + out->used, &line) -
			 out->data);
	loop->seen += line.kind != JANUS_EVENT_GAP;
	return 0;
}

static bool has_all(const struct watch_loop *loop)
{
	return loop->cmdline->watch.count && loop->seen >= loop->cmdline->watch.count;
}

/* Return: 0, or what watch_out_flush() returns. */
static int print_batch(struct watch_loop *loop)
{
	size_t count = janus_event_buffer_get_count(loop->buffer);

	for (size_t i = 0; i < count && !has_all(loop); i++) {
		int err = print(loop, janus_event_buffer_get(loop->buffer, i));

		if (err)
			return err;
	}
	return watch_out_flush(&loop->out);
}

/*
 * A lone event is printed at once. Where one comes upon the other, each would cost a turn of
 * its own: then some are gathered first.
 */
static void gather(const struct watch_loop *loop)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };

	if (now_ns() - loop->printed_ns < BUSY_NS)
		nanosleep(&nap, NULL);
}

/*
 * Until there is something to fetch, the time is over, or a signal came. Return: 0, or -EPIPE
 * when nobody reads any more.
 */
static int wait_for_events(const struct watch_loop *loop)
{
	struct pollfd fds[] = {
		{ .fd = janus_get_fd(loop->context), .events = POLLIN },
		{ .fd = loop->out.fd }, /* tells of errors, whatever is asked for */
	};
	int timeout_ms = -1;

	if (loop->end_ns) {
		int64_t left = loop->end_ns - now_ns();

		timeout_ms = left > 0 ? (int)((left + NS_PER_MS - 1) / NS_PER_MS) : 0;
	}
	if (poll(fds, ARRAY_COUNT(fds), timeout_ms) < 0)
		return 0; /* a signal: the next round sees it */
	if (fds[1].revents & (POLLERR | POLLHUP))
		return -EPIPE;
	if (fds[0].revents)
		gather(loop);
	return 0;
}

/*
 * Return: 0, -EINTR when the time is over, a signal came or the watch has ended, -ECANCELED when
 * the library cannot go on, which was told, or another negative errno.
 */
static int run_round(struct watch_loop *loop)
{
	/* Before the look at the ring, so that what had come by then is printed. */
	bool last = stopped || (loop->end_ns && now_ns() >= loop->end_ns);
	int n = janus_poll(loop->context, loop->buffer, 0);
	int err;

	if (n == -EINTR)
		return 0;
	if (n < 0) {
		output_message("stopped", janus_strerror(n));
		return -ECANCELED;
	}
	err = print_batch(loop);
	if (err)
		return err;
	if (loop->ended)
		output_message("watch", "the process whose files are watched has ended");
	if (last || loop->ended)
		return -EINTR;
	if (n)
		loop->printed_ns = now_ns();
	return n || has_all(loop) ? 0 : wait_for_events(loop);
}

static int end_with(const struct watch_loop *loop, int err)
{
	bool too_few = loop->cmdline->watch.count && !has_all(loop);

	switch (err) {
	case 0:
	case -EPIPE:
		return STATUS_DONE;
	case -EINTR:
		return too_few && !stopped ? STATUS_TOO_FEW : STATUS_DONE;
	case -ECANCELED:
		return STATUS_FAILED;
	default:
		output_message("cannot write the output", strerror(-err));
		return STATUS_FAILED;
	}
}

static int run_loop(struct watch_loop *loop)
{
	int err = 0;

	if (loop->cmdline->timeout_ms)
		loop->end_ns = now_ns() + loop->cmdline->timeout_ms * NS_PER_MS;
	while (!err && !has_all(loop))
		err = run_round(loop);
	return end_with(loop, err);
}

/* Return: 0, or -1 and told. */
static int loop_init(struct watch_loop *loop, const struct cmdline *cmdline)
{
	int err;

	*loop = (struct watch_loop){ .cmdline = cmdline, .own_pid = (int32_t)getpid() };
	watch_format_init(&loop->format, cmdline->json);
	err = watch_out_init(&loop->out, STDOUT_FILENO, &stopped);
	if (!err)
		err = janus_event_buffer_create(&loop->buffer, BATCH_EVENTS);
	if (!err)
		return 0;
	output_message("cannot watch", strerror(-err));
	return -1;
}

static void loop_done(struct watch_loop *loop)
{
	janus_event_buffer_destroy(loop->buffer);
	watch_out_done(&loop->out);
}

int watch_run(const struct cmdline *cmdline)
{
	cleanup(loop_done) struct watch_loop loop = { 0 };
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct watch_tell tell;
	int status;

	watch_tell_init(&tell, cmdline->watch.verbose);
	signal(SIGPIPE, SIG_IGN);
	if (loop_init(&loop, cmdline) ||
	    watch_setup(&loop.context, cmdline, &tell, &report))
		return STATUS_FAILED;
	take_signals(loop.context);
	watch_tell_ready(&tell, &report);
	status = run_loop(&loop);
	release_signals();
	janus_context_destroy(loop.context);
	return status;
}
