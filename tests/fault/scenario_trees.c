// SPDX-License-Identifier: MIT
/*
 * Trees that deny and one that is only observed, while others open what is in them and new
 * things come. What is not guarded or not told for want of something is told as a gap, or in
 * the report.
 */
#include "scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <janus/janus.h>

#include "allocations.h"
#include "checks.h"
#include "context.h"
#include "opener.h"

#define PATIENCE_NS 2000000000ll
#define STEP_NS 5000000

static const char *const directories[] = {
	"deny", "deny/a", "deny/a/b", "deny/left", "wide", "wide/a", "seen", "seen/a",
};

enum file { DENIED, LEFT, WIDE, SEEN, FREE, FILE_COUNT };

static const char *const files[FILE_COUNT] = {
	"deny/a/b/file", "deny/left/file", "wide/a/file", "seen/a/file", "free",
};

enum watch { DENY, DENY_WIDE, OBSERVE, WATCH_COUNT };

static const char *const roots[WATCH_COUNT] = { "deny", "wide", "seen" };

struct scenario {
	const struct scenario_run *run;
	struct opener stranger;
	struct janus_context *context;
	struct janus_event_buffer *buffer;
	struct janus_watch *watches[WATCH_COUNT];
	bool denied[FILE_COUNT];
	unsigned int created; /* as we heard it */
	bool told;            /* something is missing, and we were told */
	bool failed;          /* something failed, and that is wrong */
	char path[256];
};

/* Good until the next call. */
static const char *at(struct scenario *scenario, const char *name)
{
	snprintf(scenario->path, sizeof(scenario->path), "%s/%s",
		 scenario->run->directory, name);
	return scenario->path;
}

static int make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	return fd < 0 ? -1 : close(fd);
}

static int prepare(const char *directory)
{
	char path[256];

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, directories[i]);
		if (mkdir(path, 0755) < 0)
			return -1;
	}
	for (size_t i = 0; i < FILE_COUNT; i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		if (make_file(path) < 0)
			return -1;
	}
	return 0;
}

/* Hear what there is to be heard. */
static void listen(struct scenario *scenario)
{
	int count = janus_poll(scenario->context, scenario->buffer, STEP_NS);

	checks_expect(&scenario->failed,
		      count >= 0 || scenario->run->may_break || count != -EIO,
		      "a group was given up");
	scenario->told |= count < 0;
	for (int i = 0; i < count; i++) {
		const struct janus_event *event = janus_event_buffer_get(scenario->buffer,
									 (size_t)i);
		uint32_t kind = janus_event_get_kind(event);

		scenario->created += kind == JANUS_EVENT_CREATE;
		scenario->told |= kind == JANUS_EVENT_GAP;
	}
}

static void look_at_stats(struct scenario *scenario)
{
	struct janus_stats stats = JANUS_STATS_INIT;

	if (janus_get_stats(scenario->context, &stats) == 0)
		scenario->told |= stats.failed || stats.reply_errors ||
				  stats.read_errors || stats.malformed;
}

/* Become what it shall be, or be told that it will not. */
static void wait_open(struct scenario *scenario, const char *name, int wanted)
{
	int64_t end = checks_now_ns() + PATIENCE_NS;
	int got;

	do {
		got = opener_open(&scenario->stranger, at(scenario, name));
		checks_expect(&scenario->failed, got != -1, "%s: left blocked", name);
		if (got == wanted || got == -1)
			return;
		listen(scenario);
		look_at_stats(scenario);
	} while (!scenario->told && checks_now_ns() < end);
	checks_expect(&scenario->failed, scenario->told,
		      "%s: errno %d, wanted %d, untold", name, got, wanted);
}

static void check_opens(struct scenario *scenario)
{
	for (int i = 0; i < FILE_COUNT && !scenario->failed; i++)
		wait_open(scenario, files[i], scenario->denied[i] ? EPERM : 0);
}

static void hear(void *userdata, uint32_t level, const char *message)
{
	struct scenario *scenario = userdata;

	checks_expect(&scenario->failed,
		      level <= JANUS_LOG_DEBUG && message[0] && !strchr(message, '\n'),
		      "a bad message");
}

static void check_report(struct scenario *scenario, int err, const char *what,
			 const struct janus_watch_report *report)
{
	bool partial = report->skipped || report->tree_skipped;

	if (err)
		checks_expect(&scenario->failed,
			      err == -ENOMEM ||
				      (report->message[0] && report->first_error == err),
			      "%s: error %d with message '%s'", what, err,
			      report->message);
	else
		checks_expect(&scenario->failed, partial == (report->message[0] != '\0'),
			      "%s: skipped %d with message '%s'", what, partial,
			      report->message);
	scenario->told |= err || partial;
}

static struct janus_subject subject_of(enum watch watch, const char *const *path)
{
	static const char *const left = "left";
	struct janus_subject subject = JANUS_SUBJECT_INIT;

	subject.flags = JANUS_SUBJECT_RECURSIVE;
	if (watch == OBSERVE) {
		subject.observe = path;
		subject.observe_count = 1;
		subject.mode = JANUS_MODE_AUDIT;
		subject.events = JANUS_EVENT_CREATE | JANUS_EVENT_DELETE |
				 JANUS_EVENT_RENAME;
		return subject;
	}
	subject.deny = path;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	subject.strategy = watch == DENY ? JANUS_STRATEGY_INODE
					 : JANUS_STRATEGY_FILESYSTEM;
	if (watch == DENY) {
		subject.ignore = &left;
		subject.ignore_count = 1;
	}
	return subject;
}

/* Create a watch, or let it be what it is already. */
static void set_watch(struct scenario *scenario, enum watch watch)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	bool update = scenario->watches[watch];
	const char *path = at(scenario, roots[watch]);
	struct janus_subject subject = subject_of(watch, &path);
	int err;

	options.subjects = &subject;
	options.subject_count = 1;
	if (update)
		err = janus_watch_update(scenario->watches[watch], &options, &report);
	else
		err = janus_watch_create(scenario->context, &scenario->watches[watch],
					 &options, &report);
	check_report(scenario, err, roots[watch], &report);
	checks_expect(&scenario->failed,
		      update || (err == 0) == (scenario->watches[watch] != NULL),
		      "%s: half a watch", roots[watch]);
	if (watch == DENY)
		scenario->denied[DENIED] = scenario->watches[watch];
	else if (watch == DENY_WIDE)
		scenario->denied[WIDE] = scenario->watches[watch];
}

static void make_new(struct scenario *scenario, const char *root)
{
	char name[64];

	snprintf(name, sizeof(name), "%s/new", root);
	checks_expect(&scenario->failed, mkdir(at(scenario, name), 0755) == 0, "mkdir");
	snprintf(name, sizeof(name), "%s/new/file", root);
	checks_expect(&scenario->failed, make_file(at(scenario, name)) == 0,
		      "a new file");
}

/* Into another directory of the tree. */
static void move_new(struct scenario *scenario, const char *root)
{
	char from[256], name[64];

	snprintf(name, sizeof(name), "%s/new", root);
	snprintf(from, sizeof(from), "%s", at(scenario, name));
	snprintf(name, sizeof(name), "%s/a/new", root);
	checks_expect(&scenario->failed, rename(from, at(scenario, name)) == 0, "rename");
}

static void remove_new(struct scenario *scenario, const char *root)
{
	static const char *const parents[] = { "", "a/" };
	char name[64];

	for (size_t i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%s/%snew/file", root, parents[i]);
		unlink(at(scenario, name));
		snprintf(name, sizeof(name), "%s/%snew", root, parents[i]);
		rmdir(at(scenario, name));
	}
}

static void check_created(struct scenario *scenario)
{
	int64_t end = checks_now_ns() + PATIENCE_NS;

	if (!scenario->watches[OBSERVE])
		return;
	while (scenario->created < 2 && !scenario->told && checks_now_ns() < end) {
		listen(scenario);
		look_at_stats(scenario);
	}
	checks_expect(&scenario->failed, scenario->created >= 2 || scenario->told,
		      "%u of 2 creations are told", scenario->created);
}

static void live_on(struct scenario *scenario)
{
	for (int i = 0; i < WATCH_COUNT; i++)
		set_watch(scenario, i);
	check_opens(scenario);
	for (int i = 0; i < WATCH_COUNT; i++)
		make_new(scenario, roots[i]);
	wait_open(scenario, "deny/new/file", scenario->watches[DENY] ? EPERM : 0);
	wait_open(scenario, "wide/new/file", scenario->watches[DENY_WIDE] ? EPERM : 0);
	check_created(scenario);
	for (int i = 0; i < WATCH_COUNT; i++)
		move_new(scenario, roots[i]);
	wait_open(scenario, "deny/a/new/file", scenario->watches[DENY] ? EPERM : 0);
	wait_open(scenario, "wide/a/new/file", scenario->watches[DENY_WIDE] ? EPERM : 0);
	set_watch(scenario, DENY);
	check_opens(scenario);
	for (int i = 0; i < WATCH_COUNT; i++)
		remove_new(scenario, roots[i]);
	janus_watch_destroy(scenario->watches[DENY_WIDE]);
	scenario->watches[DENY_WIDE] = NULL;
	scenario->denied[WIDE] = false;
	check_opens(scenario);
	janus_watch_destroy(scenario->watches[OBSERVE]);
	listen(scenario);
}

static void live(struct scenario *scenario)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;
	int err;

	options.log = hear;
	options.log_userdata = scenario;
	options.log_level = JANUS_LOG_DEBUG;
	options.ring_bytes = 16384;
	err = janus__context_create(&scenario->context, &options, scenario->run->kernel);
	checks_expect(&scenario->failed, (err == 0) == (scenario->context != NULL),
		      "half a context");
	if (err)
		return;
	err = janus_event_buffer_create(&scenario->buffer, 16);
	if (err) /* no memory: once more */
		err = janus_event_buffer_create(&scenario->buffer, 16);
	checks_expect(&scenario->failed, err == 0, "no buffer: %d", err);
	if (!err)
		live_on(scenario);
}

/* Nothing is guarded any more, and nothing is left. */
static void end(struct scenario *scenario, int fds, long blocks)
{
	janus_context_destroy(scenario->context);
	janus_event_buffer_destroy(scenario->buffer);
	scenario->context = NULL;
	for (int i = 0; i < FILE_COUNT && !scenario->failed; i++)
		checks_expect(&scenario->failed,
			      opener_open(&scenario->stranger, at(scenario, files[i])) ==
				      0,
			      "%s: guarded after the end", files[i]);
	for (int i = 0; i < WATCH_COUNT; i++)
		remove_new(scenario, roots[i]);
	checks_expect(&scenario->failed, checks_count_fds() == fds, "%d fds are left",
		      checks_count_fds() - fds);
	checks_expect(&scenario->failed, allocations_live() == blocks,
		      "%ld blocks are left", allocations_live() - blocks);
	opener_stop(&scenario->stranger);
}

static int run(const struct scenario_run *run)
{
	struct scenario scenario = { .run = run };
	long blocks = allocations_live();
	int fds;

	scenario.stranger = opener_start();
	for (int i = 0; i < WATCH_COUNT; i++)
		remove_new(&scenario, roots[i]);
	fds = checks_count_fds();
	live(&scenario);
	end(&scenario, fds, blocks);
	return scenario.failed;
}

const struct scenario_kind scenario_trees = {
	.name = "trees",
	.prepare = prepare,
	.run = run,
};
