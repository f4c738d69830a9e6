// SPDX-License-Identifier: MIT
/*
 * The caller's side: waiting, waking, the fd for a loop of one's own, events that are kept.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <unistd.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define DENY JANUS_VERDICT_DENY
#define SHORT_NS 20000000

static struct stage stage;
static struct actor actor;

static void set_up(void)
{
	actor_start(&actor);
	stage_open(&stage);
	make_file(WORK "/file");
	guard(&stage, &(struct plan){ .deny = { WORK "/file" }, .cookie = 5 });
}

static void tear_down(void)
{
	stage_close(&stage);
	actor_end(&actor);
}

static bool all_is_told(void *argument)
{
	struct janus_stats stats = JANUS_STATS_INIT;
	const uint64_t *wanted = argument;

	CHECK_INT(janus_get_stats(stage.context, &stats), 0);
	return stats.records == *wanted;
}

/* That many openings, and their records in the ring. */
static void open_times(uint64_t count)
{
	struct janus_stats stats = JANUS_STATS_INIT;
	uint64_t wanted;

	CHECK_INT(janus_get_stats(stage.context, &stats), 0);
	wanted = stats.records + count;
	for (uint64_t i = 0; i < count; i++)
		CHECK_INT(try_open(&actor, WORK "/file"), -EPERM);
	WAIT_UNTIL(all_is_told, &wanted);
}

/* The thread that answers tells first and signals then: the signal may be still to come. */
static bool fd_is_quiet(void *argument)
{
	(void)argument;
	CHECK_INT(janus_poll(stage.context, stage.buffer, 0), 0);
	return !is_readable(janus_get_fd(stage.context));
}

static bool fd_is_ready(void *argument)
{
	(void)argument;
	return is_readable(janus_get_fd(stage.context));
}

static void poll_returns_nothing_when_time_is_over(void)
{
	set_up();
	CHECK_INT(janus_poll(stage.context, stage.buffer, 0), 0);
	CHECK_INT(janus_poll(stage.context, stage.buffer, SHORT_NS), 0);
	CHECK_INT(janus_event_buffer_get_count(stage.buffer), 0);
	CHECK(!janus_event_buffer_get(stage.buffer, 0));
	open_times(1);
	CHECK_INT(janus_poll(stage.context, stage.buffer, SHORT_NS), 1);
	CHECK_INT(janus_poll(stage.context, stage.buffer, SHORT_NS), 0);
	CHECK_INT(janus_event_buffer_get_count(stage.buffer), 0);
	CHECK_INT(janus_poll(NULL, stage.buffer, 0), -EINVAL);
	CHECK_INT(janus_poll(stage.context, NULL, 0), -EINVAL);
	tear_down();
}

static void *wake(void *argument)
{
	CHECK_INT(janus_wakeup(argument), 0);
	return NULL;
}

static void a_wakeup_ends_the_poll_of_now_or_the_next_one(void)
{
	pthread_t thread;

	set_up();
	for (int i = 0; i < 100; i++) {
		CHECK_INT(pthread_create(&thread, NULL, wake, stage.context), 0);
		CHECK_INT(janus_poll(stage.context, stage.buffer, -1), 0);
		CHECK_INT(pthread_join(thread, NULL), 0);
	}
	CHECK_INT(janus_wakeup(stage.context), 0);
	CHECK(is_readable(janus_get_fd(stage.context)));
	CHECK_INT(janus_poll(stage.context, stage.buffer, -1), 0);
	WAIT_UNTIL(fd_is_quiet, NULL);
	CHECK_INT(janus_wakeup(NULL), -EINVAL);
	tear_down();
}

static void ignore_signal(int number)
{
	(void)number;
}

static void a_signal_interrupts_a_poll(void)
{
	const struct itimerval often = { { 0, 5000 }, { 0, 5000 } };
	const struct itimerval never = { 0 };
	struct sigaction action = { .sa_handler = ignore_signal, .sa_flags = SA_RESTART };

	set_up();
	MUST(sigaction(SIGALRM, &action, NULL));
	MUST(setitimer(ITIMER_REAL, &often, NULL));
	for (int i = 0; i < 5; i++) {
		CHECK_INT(janus_poll(stage.context, stage.buffer, BOUND_NS), -EINTR);
		CHECK_INT(janus_event_buffer_get_count(stage.buffer), 0);
	}
	MUST(setitimer(ITIMER_REAL, &never, NULL));
	open_times(1);
	EXPECT(&stage, WORK "/file", DENY);
	tear_down();
}

static void the_fd_is_readable_while_there_is_something(void)
{
	set_up();
	CHECK(!is_readable(janus_get_fd(stage.context)));
	for (int i = 0; i < 50; i++) {
		CHECK_INT(try_open(&actor, WORK "/file"), -EPERM);
		WAIT_UNTIL(fd_is_ready, NULL);
		EXPECT(&stage, WORK "/file", DENY);
		stage.next = 0;
		WAIT_UNTIL(fd_is_quiet, NULL);
	}
	CHECK_INT(janus_get_fd(NULL), -EINVAL);
	tear_down();
}

/* An epoll in an epoll in a poll. */
static void the_fd_can_be_nested(void)
{
	struct epoll_event wanted = { .events = EPOLLIN };
	struct epoll_event got;
	int inner = (int)MUST(epoll_create1(EPOLL_CLOEXEC));
	int outer = (int)MUST(epoll_create1(EPOLL_CLOEXEC));

	set_up();
	MUST(epoll_ctl(inner, EPOLL_CTL_ADD, janus_get_fd(stage.context), &wanted));
	MUST(epoll_ctl(outer, EPOLL_CTL_ADD, inner, &wanted));
	CHECK_INT(epoll_wait(outer, &got, 1, 0), 0);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(try_open(&actor, WORK "/file"), -EPERM);
		CHECK_INT(epoll_wait(outer, &got, 1, BOUND_MS), 1);
		CHECK(is_readable(outer));
		EXPECT(&stage, WORK "/file", DENY);
		stage.next = 0;
		WAIT_UNTIL(fd_is_quiet, NULL);
		CHECK_INT(epoll_wait(outer, &got, 1, 0), 0);
	}
	close(outer);
	close(inner);
	tear_down();
}

static void a_small_buffer_leaves_the_fd_readable(void)
{
	static const int counts[] = { 2, 2, 1 };

	set_up();
	janus_event_buffer_destroy(stage.buffer);
	CHECK_INT(janus_event_buffer_create(&stage.buffer, 2), 0);
	open_times(5);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		CHECK(is_readable(janus_get_fd(stage.context)));
		CHECK_INT(janus_poll(stage.context, stage.buffer, BOUND_NS), counts[i]);
	}
	WAIT_UNTIL(fd_is_quiet, NULL);
	tear_down();
}

static void a_copy_outlives_buffer_and_context(void)
{
	struct janus_event *copy = NULL;
	const struct janus_event *event;

	set_up();
	open_times(1);
	event = EXPECT(&stage, WORK "/file", DENY, .pid = actor.pid);
	CHECK_INT(janus_event_copy(event, &copy), 0);
	CHECK_INT(janus_event_copy(NULL, &copy), -EINVAL);
	CHECK_INT(janus_event_copy(event, NULL), -EINVAL);
	janus_context_destroy(stage.context);
	/* So does the buffer, of the context. */
	CHECK_TEXT(janus_event_get_path(event), WORK "/file");
	CHECK_INT(janus_event_get_cookie(event), 5);
	janus_event_buffer_destroy(stage.buffer);
	CHECK_TEXT(janus_event_get_path(copy), WORK "/file");
	CHECK_INT(janus_event_get_cookie(copy), 5);
	CHECK_INT(janus_event_get_verdict(copy), DENY);
	CHECK_INT(janus_event_get_pid(copy), actor.pid);
	janus_event_destroy(copy);
	janus_event_destroy(NULL);
	actor_end(&actor);
}

static const struct test_case cases[] = {
	CASE(poll_returns_nothing_when_time_is_over),
	CASE(a_wakeup_ends_the_poll_of_now_or_the_next_one),
	CASE(a_signal_interrupts_a_poll),
	CASE(the_fd_is_readable_while_there_is_something),
	CASE(the_fd_can_be_nested),
	CASE(a_small_buffer_leaves_the_fd_readable),
	CASE(a_copy_outlives_buffer_and_context),
};

HARNESS_MAIN(cases)
