// SPDX-License-Identifier: MIT
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

/* The files, and what is about them in the course of a run. */
enum file { SECRET, CHILD, OTHER, OWNED, FREE, FILE_COUNT };

static const char *const names[FILE_COUNT] = {
	"secret", "guarded/child", "other", "owned", "free",
};

struct scenario {
	const struct scenario_run *run;
	struct opener owner, stranger;
	struct janus_context *context;
	struct janus_event_buffer *buffer;
	struct janus_watch *watch, *owned;
	bool denied[FILE_COUNT];
	unsigned int records; /* that are still to come */
	bool told;            /* something failed, and we were told */
	bool failed;          /* something failed, and that is wrong */
	char paths[FILE_COUNT][256];
	char guarded[256];
};

static int prepare(const char *directory)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/guarded", directory);
	if (mkdir(path, 0755) < 0)
		return -1;
	for (int i = 0; i < FILE_COUNT; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
		if (fd < 0)
			return -1;
		close(fd);
	}
	return 0;
}

/* Whether the library says that something could not be decided. */
static bool was_told(struct scenario *scenario)
{
	struct janus_stats stats = JANUS_STATS_INIT;
	int64_t end = checks_now_ns() + PATIENCE_NS;

	/* It counts after it has answered. */
	while (!scenario->told && checks_now_ns() < end) {
		if (scenario->context && janus_get_stats(scenario->context, &stats) == 0)
			scenario->told = stats.failed || stats.reply_errors ||
					 stats.read_errors || stats.malformed;
		sched_yield();
	}
	return scenario->told;
}

static void check_open(struct scenario *scenario, struct opener *opener, enum file file,
		       int wanted)
{
	int got = opener_open(opener, scenario->paths[file]);

	checks_expect(&scenario->failed, got != -1, "%s: left blocked", names[file]);
	if (got != wanted)
		checks_expect(&scenario->failed, was_told(scenario),
			      "%s: errno %d, wanted %d, untold", names[file], got,
			      wanted);
}

/* Everything is as the watches say, for a stranger. */
static void check_opens(struct scenario *scenario)
{
	for (int i = 0; i < FILE_COUNT && !scenario->failed; i++) {
		check_open(scenario, &scenario->stranger, i,
			   scenario->denied[i] ? EPERM : 0);
		scenario->records += scenario->denied[i];
	}
}

/* Fetch the records of all denied opens, and find nothing else. */
static void check_records(struct scenario *scenario)
{
	int64_t end = checks_now_ns() + PATIENCE_NS;
	int count = 0;

	while (scenario->records && count != -EIO && checks_now_ns() < end) {
		count = janus_poll(scenario->context, scenario->buffer, 20000000);
		for (int i = 0; i < count; i++) {
			const struct janus_event *event =
				janus_event_buffer_get(scenario->buffer, (size_t)i);

			checks_expect(&scenario->failed,
				      janus_event_get_kind(event) == JANUS_EVENT_OPEN,
				      "a record of something else");
			scenario->records -= scenario->records > 0;
		}
		checks_expect(&scenario->failed,
			      count >= 0 || scenario->run->may_break || count != -EIO,
			      "the group was given up");
		if (scenario->records && !scenario->told && count < 0)
			scenario->told = count == -EIO;
	}
	if (scenario->records)
		checks_expect(&scenario->failed, was_told(scenario),
			      "%u records missing, untold", scenario->records);
	scenario->records = 0;
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
	if (err)
		checks_expect(&scenario->failed,
			      err == -ENOMEM ||
				      (report->message[0] && report->first_error == err),
			      "%s: error %d with message '%s'", what, err,
			      report->message);
	else
		checks_expect(&scenario->failed,
			      (report->skipped == 0) == (report->message[0] == '\0'),
			      "%s: skipped %llu with message '%s'", what,
			      (unsigned long long)report->skipped, report->message);
}

static void deny(struct scenario *scenario, enum file file, const char *path,
		 const struct janus_watch_report *report)
{
	scenario->denied[file] = strcmp(report->first_path, path) != 0;
}

/* Deny a file and a directory; allow another file. */
static struct janus_watch_options guard(struct scenario *scenario, enum file file,
					struct janus_subject *subject,
					const char *paths[2])
{
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;

	paths[0] = scenario->paths[file];
	paths[1] = scenario->guarded;
	*subject = (struct janus_subject)JANUS_SUBJECT_INIT;
	subject->deny = paths;
	subject->deny_count = 2;
	subject->events = JANUS_EVENT_OPEN;
	options.subjects = subject;
	options.subject_count = 1;
	return options;
}

static void create_watch(struct scenario *scenario)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_subject subject;
	const char *paths[2];
	struct janus_watch_options options = guard(scenario, SECRET, &subject, paths);
	int err = janus_watch_create(scenario->context, &scenario->watch, &options,
				     &report);

	check_report(scenario, err, "create", &report);
	checks_expect(&scenario->failed, (err == 0) == (scenario->watch != NULL),
		      "create: half a watch");
	if (err)
		return;
	deny(scenario, SECRET, scenario->paths[SECRET], &report);
	deny(scenario, CHILD, scenario->guarded, &report);
}

/* SECRET is free from now on, OTHER is not, and the directory never was. */
static void update_watch(struct scenario *scenario)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_subject subject;
	const char *paths[2];
	struct janus_watch_options options = guard(scenario, OTHER, &subject, paths);
	int err;

	if (!scenario->watch)
		return;
	err = janus_watch_update(scenario->watch, &options, &report);
	check_report(scenario, err, "update", &report);
	if (err)
		return; /* the former state stays in force, as check_opens() shows */
	scenario->denied[SECRET] = false;
	deny(scenario, OTHER, scenario->paths[OTHER], &report);
	deny(scenario, CHILD, scenario->guarded, &report);
}

static void create_owned(struct scenario *scenario)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	const char *path = scenario->paths[OWNED];
	int err;

	subject.deny = &path;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	subject.flags = JANUS_SUBJECT_AUTO_ALLOW_OWNER;
	options.subjects = &subject;
	options.subject_count = 1;
	options.target = JANUS_TARGET_PID;
	options.pid = scenario->owner.pid;
	err = janus_watch_create(scenario->context, &scenario->owned, &options, &report);
	check_report(scenario, err, "owned", &report);
	scenario->denied[OWNED] = err == 0;
	check_open(scenario, &scenario->owner, OWNED, 0);
	scenario->records += err == 0;
}

static void create_impossible(struct scenario *scenario)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_subject subject;
	const char *paths[2];
	struct janus_watch_options options = guard(scenario, FREE, &subject, paths);
	struct janus_watch *watch = NULL;
	int err;

	/* Not a container: to look for one takes as many calls as this machine has cgroups. */
	options.target = JANUS_TARGET_PID;
	options.pid = INT32_MAX;
	err = janus_watch_create(scenario->context, &watch, &options, &report);
	check_report(scenario, err, "impossible", &report);
	checks_expect(&scenario->failed, err < 0 && !watch, "a watch of no process");
}

static void check_self(struct scenario *scenario)
{
	int fd = open(scenario->paths[SECRET], O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		checks_expect(&scenario->failed, was_told(scenario),
			      "denied to ourselves, untold");
	else
		close(fd);
}

static void destroy_owned(struct scenario *scenario)
{
	janus_watch_destroy(scenario->owned);
	scenario->owned = NULL;
	scenario->denied[OWNED] = false;
}

/* Nothing happens yet, and waiting for it ends. */
static void check_quiet(struct scenario *scenario)
{
	int count = janus_poll(scenario->context, scenario->buffer, 1000000);

	checks_expect(&scenario->failed, count <= 0 && count != -EIO, "poll: %d", count);
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
	if (err)
		return;
	check_quiet(scenario);
	create_watch(scenario);
	create_owned(scenario);
	create_impossible(scenario);
	check_opens(scenario);
	check_self(scenario);
	check_records(scenario);
	update_watch(scenario);
	check_opens(scenario);
	destroy_owned(scenario);
	check_opens(scenario);
	check_records(scenario);
}

static void begin(struct scenario *scenario)
{
	const char *directory = scenario->run->directory;

	for (int i = 0; i < FILE_COUNT; i++)
		snprintf(scenario->paths[i], sizeof(scenario->paths[i]), "%s/%s",
			 directory, names[i]);
	snprintf(scenario->guarded, sizeof(scenario->guarded), "%s/guarded", directory);
	scenario->owner = opener_start();
	scenario->stranger = opener_start();
}

/* Nothing is guarded any more, and nothing is left. */
static void end(struct scenario *scenario, int fds, long blocks)
{
	janus_context_destroy(scenario->context);
	janus_event_buffer_destroy(scenario->buffer);
	scenario->context = NULL;
	scenario->told = false;
	for (int i = 0; i < FILE_COUNT && !scenario->failed; i++)
		checks_expect(&scenario->failed,
			      opener_open(&scenario->stranger, scenario->paths[i]) == 0,
			      "%s: guarded after the end", names[i]);
	checks_expect(&scenario->failed, checks_count_fds() == fds, "%d fds are left",
		      checks_count_fds() - fds);
	checks_expect(&scenario->failed, allocations_live() == blocks,
		      "%ld blocks are left", allocations_live() - blocks);
	opener_stop(&scenario->owner);
	opener_stop(&scenario->stranger);
}

static int run_guard(const struct scenario_run *run)
{
	struct scenario scenario = { .run = run };
	long blocks = allocations_live();
	int fds;

	begin(&scenario);
	fds = checks_count_fds();
	live(&scenario);
	end(&scenario, fds, blocks);
	return scenario.failed;
}

const struct scenario_kind scenario_guard = {
	.name = "guard",
	.prepare = prepare,
	.run = run_guard,
};

const struct scenario_kind *scenario_find(const char *name)
{
	const struct scenario_kind *kinds[] = { &scenario_guard, &scenario_trees,
						&scenario_who, &scenario_keep };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}
