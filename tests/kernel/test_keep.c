// SPDX-License-Identifier: MIT
/*
 * The keep: groups that outlive who answers. The case is the keeper; workers are processes that
 * it forks, and kills.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <janus/keep.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

#define ALLOW JANUS_VERDICT_ALLOW
#define DENY JANUS_VERDICT_DENY
/* As long as a busy machine may take for an answer. */
#define DEADLINE_NS 500000000
#define LENIENT WORK "/lenient"
#define STRICT WORK "/strict"
#define DEEP WORK "/tree/deep/file"

/* The keeper's. A worker has inherited it. */
static struct janus_keep *keep;
static struct actor worker, opener, other;

/* The worker's. */
static struct stage stage;

static int create_context(const struct deed *deed)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;

	options.deadline_ns = deed->number ? (uint64_t)deed->number : DEADLINE_NS;
	options.keep = keep;
	stage_open_with(&stage, &options);
	return 0;
}

static int create_watches(const struct deed *deed)
{
	(void)deed;
	guard(&stage, &(struct plan){ .deny = { LENIENT } });
	guard(&stage, &(struct plan){ .deny = { STRICT }, .on_failure = DENY });
	guard(&stage, &(struct plan){ .deny = { WORK "/tree" },
				      .flags = JANUS_SUBJECT_RECURSIVE,
				      .strategy = JANUS_STRATEGY_FILESYSTEM,
				      .on_failure = DENY });
	return 0;
}

static int create_asking(const struct deed *deed)
{
	(void)deed;
	guard(&stage, &(struct plan){ .deny = { LENIENT },
				      .mode = JANUS_MODE_ASK,
				      .ask_ns = DEADLINE_NS });
	guard(&stage, &(struct plan){ .deny = { STRICT },
				      .mode = JANUS_MODE_ASK,
				      .ask_ns = BOUND_NS,
				      .on_failure = DENY });
	return 0;
}

static int resume(const struct deed *deed)
{
	(void)deed;
	return janus_context_resume(stage.context);
}

static int end_context(const struct deed *deed)
{
	(void)deed;
	stage_close(&stage);
	return 0;
}

static int work(int (*run)(const struct deed *deed))
{
	return actor_do(&worker, &(struct deed){ .run = run });
}

static void start_worker(void)
{
	actor_start_heir(&worker);
	CHECK_INT(work(create_context), 0);
	CHECK_INT(work(create_watches), 0);
	CHECK_INT(work(resume), 0);
}

static void kill_worker(void)
{
	actor_kill(&worker);
}

static void set_up(void)
{
	make_directory(WORK "/tree");
	make_directory(WORK "/tree/deep");
	make_directory(WORK "/beside");
	make_file(DEEP);
	make_file(LENIENT);
	make_file(STRICT);
	make_file(WORK "/beside/file");
	actor_start(&opener);
	actor_start(&other);
	CHECK_INT(janus_keep_create(&keep, NULL), 0);
}

static void tear_down(void)
{
	janus_keep_destroy(keep);
	actor_end(&opener);
	actor_end(&other);
}

static struct janus_keep_stats count(void)
{
	struct janus_keep_stats stats = JANUS_KEEP_STATS_INIT;

	CHECK_INT(janus_keep_get_stats(keep, &stats), 0);
	return stats;
}

static void begin_open(struct actor *who, const char *path)
{
	struct deed deed = { .run = open_path };

	for (size_t i = 0; path[i]; i++)
		deed.path[i] = path[i];
	actor_begin(who, &deed);
}

/* What a keeper does, until somebody has got his answer. */
static int finish_while_looking(struct actor *who)
{
	while (!actor_is_done(who)) {
		struct pollfd fd = { .fd = janus_keep_get_fd(keep), .events = POLLIN };

		if (MUST(poll(&fd, 1, 10)))
			CHECK(janus_keep_look(keep) >= 0);
	}
	return actor_finish(who);
}

static int open_while_looking(const char *path)
{
	begin_open(&opener, path);
	return finish_while_looking(&opener);
}

static void check_all_denied(void)
{
	CHECK_INT(open_while_looking(LENIENT), -EPERM);
	CHECK_INT(open_while_looking(STRICT), -EPERM);
	CHECK_INT(open_while_looking(DEEP), -EPERM);
	CHECK_INT(open_while_looking(WORK "/beside/file"), 0);
}

static void check_failure(void)
{
	CHECK_INT(open_while_looking(LENIENT), 0);
	CHECK_INT(open_while_looking(STRICT), -EPERM);
	CHECK_INT(open_while_looking(DEEP), -EPERM);
	CHECK_INT(open_while_looking(WORK "/beside/file"), 0);
}

static void who_comes_between_two_workers_waits_for_the_next(void)
{
	set_up();
	start_worker();
	check_all_denied();
	kill_worker();
	CHECK_INT(janus_keep_abandon(keep), 0);
	begin_open(&opener, LENIENT);
	begin_open(&other, DEEP);
	WAIT_UNTIL(actor_waits, &opener);
	WAIT_UNTIL(actor_waits, &other);
	start_worker();
	CHECK_INT(actor_finish(&opener), -EPERM);
	CHECK_INT(actor_finish(&other), -EPERM);
	CHECK_INT(count().unread, 0);
	CHECK_INT(count().workers, 2);
	kill_worker();
	tear_down();
}

static void without_a_worker_nobody_waits_for_ever(void)
{
	set_up();
	start_worker();
	kill_worker();
	CHECK_INT(janus_keep_abandon(keep), 0);
	check_failure();
	CHECK(count().unread >= 3);
	CHECK(count().denied >= 2);
	start_worker();
	check_all_denied();
	kill_worker();
	tear_down();
}

static void a_stopped_worker_holds_up_nobody(void)
{
	set_up();
	start_worker();
	actor_pause(&worker);
	check_failure();
	actor_resume(&worker);
	check_all_denied();
	kill_worker();
	tear_down();
}

static void a_keeper_looks_now_and_then_only(void)
{
	unsigned int looks = 0;

	set_up();
	start_worker();
	actor_pause(&worker);
	begin_open(&opener, STRICT);
	while (!actor_is_done(&opener)) {
		struct pollfd fd = { .fd = janus_keep_get_fd(keep), .events = POLLIN };

		if (MUST(poll(&fd, 1, 10)))
			CHECK(janus_keep_look(keep) >= 0);
		CHECK(++looks < 500);
	}
	CHECK_INT(actor_finish(&opener), -EPERM);
	actor_resume(&worker);
	kill_worker();
	tear_down();
}

/* Read by a worker that had not begun to decide when it died. */
static void who_was_read_by_the_dead_is_answered(void)
{
	set_up();
	start_worker();
	kill_worker();
	janus_keep_abandon(keep);
	actor_start_heir(&worker);
	CHECK_INT(actor_do(&worker, &(struct deed){ .run = create_context,
						    .number = BOUND_MS * 50000 }),
		  0);
	begin_open(&opener, LENIENT);
	begin_open(&other, STRICT);
	WAIT_UNTIL(actor_waits, &opener);
	WAIT_UNTIL(actor_waits, &other);
	/* Its own process is not held. */
	CHECK_INT(try_open(&worker, STRICT), 0);
	kill_worker();
	CHECK_INT(janus_keep_abandon(keep), 2);
	/* Both groups ask, one after the other. */
	CHECK_INT(finish_while_looking(&opener), 0);
	CHECK_INT(finish_while_looking(&other), -EPERM);
	CHECK_INT(count().abandoned, 2);
	start_worker();
	check_all_denied();
	kill_worker();
	tear_down();
}

static void who_is_held_is_decided_about_later(void)
{
	set_up();
	start_worker();
	kill_worker();
	janus_keep_abandon(keep);
	actor_start_heir(&worker);
	CHECK_INT(actor_do(&worker, &(struct deed){ .run = create_context,
						    .number = BOUND_MS * 50000 }),
		  0);
	begin_open(&opener, LENIENT);
	begin_open(&other, WORK "/beside/file");
	WAIT_UNTIL(actor_waits, &opener);
	WAIT_UNTIL(actor_waits, &other);
	CHECK_INT(work(create_watches), 0);
	CHECK(!actor_is_done(&opener));
	CHECK_INT(work(resume), 0);
	CHECK_INT(actor_finish(&opener), -EPERM);
	CHECK_INT(actor_finish(&other), 0);
	kill_worker();
	tear_down();
}

static void who_is_held_does_not_wait_for_ever_either(void)
{
	set_up();
	start_worker();
	kill_worker();
	janus_keep_abandon(keep);
	actor_start_heir(&worker);
	CHECK_INT(work(create_context), 0);
	check_failure();
	CHECK(count().late + count().unread >= 4);
	CHECK_INT(work(create_watches), 0);
	CHECK_INT(work(resume), 0);
	check_all_denied();
	kill_worker();
	tear_down();
}

static bool has_asked(void *arg)
{
	(void)arg;
	return stage_stats(&stage).asked == 2;
}

static int wait_for_questions(const struct deed *deed)
{
	(void)deed;
	WAIT_UNTIL(has_asked, NULL);
	return 0;
}

/* The worker has asked its program, which says nothing: first too late, then never. */
static void who_waits_for_the_program_is_looked_after(void)
{
	set_up();
	actor_start_heir(&worker);
	CHECK_INT(work(create_context), 0);
	CHECK_INT(work(create_asking), 0);
	CHECK_INT(work(resume), 0);
	CHECK_INT(open_while_looking(LENIENT), 0);
	CHECK_INT(count().late, 1);
	begin_open(&other, STRICT);
	CHECK_INT(work(wait_for_questions), 0);
	CHECK(!actor_is_done(&other));
	kill_worker();
	CHECK_INT(janus_keep_abandon(keep), 1);
	CHECK_INT(finish_while_looking(&other), -EPERM);
	tear_down();
}

static void what_a_worker_does_not_know_any_more_is_allowed(void)
{
	set_up();
	start_worker();
	kill_worker();
	janus_keep_abandon(keep);
	actor_start_heir(&worker);
	CHECK_INT(work(create_context), 0);
	CHECK_INT(work(resume), 0);
	CHECK_INT(try_open(&opener, STRICT), 0);
	actor_pause(&worker);
	CHECK_INT(open_while_looking(STRICT), 0);
	actor_resume(&worker);
	kill_worker();
	tear_down();
}

static void a_context_that_ends_leaves_its_marks(void)
{
	set_up();
	start_worker();
	CHECK_INT(work(end_context), 0);
	check_failure();
	CHECK_INT(work(create_context), 0);
	CHECK_INT(work(create_watches), 0);
	CHECK_INT(work(resume), 0);
	check_all_denied();
	kill_worker();
	tear_down();
}

static void a_keep_outlives_its_program(void)
{
	int fds[JANUS_KEEP_FDS_MAX], count_of_fds;

	set_up();
	start_worker();
	kill_worker();
	count_of_fds = janus_keep_get_fds(keep, fds);
	CHECK(count_of_fds >= 2);
	for (int i = 0; i < count_of_fds; i++)
		fds[i] = (int)MUST(fcntl(fds[i], F_DUPFD_CLOEXEC, 50));
	janus_keep_destroy(keep);
	CHECK_INT(janus_keep_adopt(&keep, fds, (size_t)count_of_fds), 0);
	check_failure();
	start_worker();
	check_all_denied();
	CHECK_INT(count().workers, 2);
	kill_worker();
	tear_down();
}

static void with_the_keep_everybody_is_let_through(void)
{
	set_up();
	start_worker();
	kill_worker();
	begin_open(&opener, STRICT);
	WAIT_UNTIL(actor_waits, &opener);
	janus_keep_destroy(keep);
	CHECK_INT(actor_finish(&opener), 0);
	actor_end(&opener);
	actor_end(&other);
}

static int create_second(const struct deed *deed)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;
	struct janus_context *context;

	options.flags = (uint32_t)deed->number;
	options.keep = keep;
	return janus_context_create(&context, &options);
}

static void what_cannot_be_is_refused(void)
{
	struct janus_keep_options options = JANUS_KEEP_OPTIONS_INIT;
	struct janus_keep_stats stats = JANUS_KEEP_STATS_INIT;
	struct janus_keep *none = NULL;
	int fds[JANUS_KEEP_FDS_MAX];

	set_up();
	start_worker();
	CHECK_INT(work(create_second), -EBUSY);
	CHECK_INT(actor_do(&worker, &(struct deed){ .run = create_second,
						    .number = JANUS_CONTEXT_THREADS }),
		  -EINVAL);
	options.flags = JANUS_CONTEXT_BOUNDED_QUEUE;
	CHECK_INT(janus_keep_create(&none, &options), -EINVAL);
	CHECK_INT(janus_keep_create(NULL, NULL), -EINVAL);
	CHECK_INT(janus_keep_get_fds(keep, fds), 3);
	CHECK_INT(janus_keep_adopt(&none, fds, 1), -EINVAL);
	CHECK_INT(janus_keep_adopt(&none, fds, 2), -EINVAL);
	fds[0] = fds[1];
	CHECK_INT(janus_keep_adopt(&none, fds, 3), -EINVAL);
	CHECK(!none);
	CHECK_INT(janus_keep_look(NULL), -EINVAL);
	CHECK_INT(janus_keep_abandon(NULL), -EINVAL);
	CHECK_INT(janus_keep_get_fd(NULL), -EINVAL);
	CHECK_INT(janus_keep_get_fds(NULL, fds), -EINVAL);
	CHECK_INT(janus_keep_get_fds(keep, NULL), -EINVAL);
	CHECK_INT(janus_keep_get_stats(NULL, &stats), -EINVAL);
	CHECK_INT(janus_keep_get_stats(keep, NULL), -EINVAL);
	CHECK_INT(janus_context_resume(NULL), -EINVAL);
	janus_keep_destroy(NULL);
	kill_worker();
	tear_down();
}

static const struct test_case cases[] = {
	CASE(who_comes_between_two_workers_waits_for_the_next),
	CASE(without_a_worker_nobody_waits_for_ever),
	CASE(a_stopped_worker_holds_up_nobody),
	CASE(a_keeper_looks_now_and_then_only),
	CASE(who_was_read_by_the_dead_is_answered),
	CASE(who_is_held_is_decided_about_later),
	CASE(who_is_held_does_not_wait_for_ever_either),
	CASE(who_waits_for_the_program_is_looked_after),
	CASE(what_a_worker_does_not_know_any_more_is_allowed),
	CASE(a_context_that_ends_leaves_its_marks),
	CASE(a_keep_outlives_its_program),
	CASE(with_the_keep_everybody_is_let_through),
	CASE(what_cannot_be_is_refused),
};

HARNESS_MAIN(cases)
