// SPDX-License-Identifier: MIT
/*
 * A keep, and two contexts on it, one after the other: marks stay in between, and go with the
 * keep. This process is keeper and worker in one.
 */
#include "scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <janus/janus.h>

#include "allocations.h"
#include "checks.h"
#include "context.h"
#include "keep.h"
#include "opener.h"

struct scenario {
	const struct scenario_run *run;
	struct opener stranger;
	struct janus_keep *keep;
	struct janus_context *context;
	struct janus_watch *watch;
	bool failed; /* something failed, and that is wrong */
	char path[256];
};

static int prepare(const char *directory)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/kept", directory);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	return fd < 0 ? -1 : close(fd);
}

static void create_watch(struct scenario *scenario)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	const char *path = scenario->path;
	int err;

	subject.deny = &path;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	options.subjects = &subject;
	options.subject_count = 1;
	options.on_failure = JANUS_VERDICT_DENY;
	err = janus_watch_create(scenario->context, &scenario->watch, &options, &report);
	checks_expect(&scenario->failed, (err == 0) == (scenario->watch != NULL),
		      "half a watch");
}

/* Whether the library says that something could not be decided. */
static bool was_told(const struct scenario *scenario)
{
	struct janus_stats stats = JANUS_STATS_INIT;

	return janus_get_stats(scenario->context, &stats) == 0 &&
	       (stats.failed || stats.reply_errors || stats.read_errors ||
		stats.malformed || stats.overdue);
}

/* One worker: with a watch or, if something failed, without. */
static void work(struct scenario *scenario)
{
	struct janus_context_options options = JANUS_CONTEXT_OPTIONS_INIT;
	int err, got;

	options.keep = scenario->keep;
	options.ring_bytes = 16384;
	options.deadline_ns = 50000000;
	err = janus__context_create(&scenario->context, &options, scenario->run->kernel);
	checks_expect(&scenario->failed, (err == 0) == (scenario->context != NULL),
		      "half a context");
	if (err)
		return;
	create_watch(scenario);
	checks_expect(&scenario->failed, janus_context_resume(scenario->context) == 0,
		      "no resuming");
	got = opener_open(&scenario->stranger, scenario->path);
	checks_expect(&scenario->failed, got != -1, "left blocked");
	checks_expect(&scenario->failed,
		      got == (scenario->watch ? EPERM : 0) || was_told(scenario),
		      "errno %d, untold", got);
	checks_expect(&scenario->failed, janus_keep_look(scenario->keep) >= 0,
		      "the keeper cannot look");
	janus_context_destroy(scenario->context);
	scenario->context = NULL;
	scenario->watch = NULL;
	checks_expect(&scenario->failed, janus_keep_abandon(scenario->keep) == 0,
		      "somebody was left");
}

static void live(struct scenario *scenario)
{
	struct janus_keep *former;
	int fds[JANUS_KEEP_FDS_MAX], count, err;

	err = janus__keep_create(&scenario->keep, NULL, scenario->run->kernel);
	checks_expect(&scenario->failed, (err == 0) == (scenario->keep != NULL),
		      "half a keep");
	if (err)
		return;
	work(scenario);
	count = janus_keep_get_fds(scenario->keep, fds);
	for (int i = 0; i < count; i++)
		fds[i] = dup(fds[i]);
	former = scenario->keep;
	scenario->keep = NULL;
	err = janus__keep_adopt(&scenario->keep, fds, (size_t)count,
				scenario->run->kernel);
	checks_expect(&scenario->failed, (err == 0) == (scenario->keep != NULL),
		      "half a keep");
	for (int i = 0; err && i < count; i++)
		close(fds[i]);
	janus_keep_destroy(former);
	if (!err)
		work(scenario);
}

/* Nothing is guarded any more, and nothing is left. */
static void end(struct scenario *scenario, int fds, long blocks)
{
	janus_keep_destroy(scenario->keep);
	checks_expect(&scenario->failed,
		      scenario->failed ||
			      opener_open(&scenario->stranger, scenario->path) == 0,
		      "guarded after the end");
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

	snprintf(scenario.path, sizeof(scenario.path), "%s/kept", run->directory);
	scenario.stranger = opener_start();
	fds = checks_count_fds();
	live(&scenario);
	end(&scenario, fds, blocks);
	return scenario.failed;
}

const struct scenario_kind scenario_keep = {
	.name = "keep",
	.prepare = prepare,
	.run = run,
	.no_garbage = true,
};
