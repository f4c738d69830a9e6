// SPDX-License-Identifier: MIT
/*
 * Watches that ask who somebody is: one that spares a process, and one that ends with its own;
 * and a census of a node that has two containers. Who cannot be told to be spared is denied,
 * and that is counted; who is missing in the census is told by an error.
 */
#include "scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <janus/janus.h>

#include "allocations.h"
#include "checks.h"
#include "containers.h"
#include "context.h"
#include "opener.h"

#define PATIENCE_NS 2000000000ll
#define STEP_NS 5000000
#define ID "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a"

enum file { SPARING, MORTAL, FILE_COUNT };

static const char *const files[FILE_COUNT] = { "sparing", "mortal" };

struct scenario {
	const struct scenario_run *run;
	struct opener friend, mortal, stranger;
	struct janus_context *context;
	struct janus_event_buffer *buffer;
	struct janus_watch *watches[FILE_COUNT];
	unsigned int spared; /* records of that */
	bool ended;          /* we were told that the mortal's watch has */
	bool told;           /* something is missing, and we were told */
	bool failed;         /* something failed, and that is wrong */
	char path[256];
};

/* Good until the next call. */
static const char *at(struct scenario *scenario, const char *name)
{
	snprintf(scenario->path, sizeof(scenario->path), "%s/%s",
		 scenario->run->directory, name);
	return scenario->path;
}

static int put(const char *directory, const char *name, const char *text)
{
	char path[256];
	ssize_t length = (ssize_t)strlen(text);
	int fd, err;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	err = write(fd, text, (size_t)length) == length ? 0 : -1;
	close(fd);
	return err;
}

/* A /proc with two processes, one in a container by its cgroup, one by its runtime's word. */
static int put_processes(const char *directory)
{
	static const char *const texts[][2] = {
		{ "proc/20/stat",
		  "20 (a) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 200 0\n" },
		{ "proc/20/status", "Name:\ta\nNSpid:\t20\t1\n" },
		{ "proc/20/cgroup", "0::/docker/" ID "\n" },
		{ "proc/30/stat",
		  "30 (b) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 300 0\n" },
		{ "proc/30/status", "Name:\tb\nNSpid:\t30\t1\n" },
		{ "proc/30/cgroup", "0::/\n" },
		{ "proc/30/ns/user", "" },
		{ "proc/self/cgroup", "0::/\n" },
		{ "cg/docker/" ID "/cgroup.procs", "20\n" },
		{ "proc/1/root/run/runc/web/state.json",
		  "{\"init_process_pid\":30,\"init_process_start\":300}" },
		{ "proc/1/root/run/runc/lie/state.json",
		  "{\"init_process_pid\":30,\"init_process_start\":300}" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (put(directory, texts[i][0], texts[i][1]) < 0)
			return -1;
	return 0;
}

/* That the cgroups are mounted; and whose word one of the two states is. */
static int put_mounts(const char *directory)
{
	char path[256], text[512];
	struct stat st;

	if (stat(directory, &st) < 0)
		return -1;
	snprintf(text, sizeof(text), "30 20 %u:%u / %s/cg rw - cgroup2 x rw\n",
		 major(st.st_dev), minor(st.st_dev), directory);
	snprintf(path, sizeof(path), "%s/proc/1/root/run/runc/lie/state.json", directory);
	return put(directory, "proc/self/mountinfo", text) < 0 ? -1
							       : chown(path, 1000, 1000);
}

static int prepare(const char *directory)
{
	static const char *const folders[] = {
		"proc",
		"proc/1",
		"proc/1/root",
		"proc/1/root/run",
		"proc/1/root/run/runc",
		"proc/1/root/run/runc/web",
		"proc/1/root/run/runc/lie",
		"proc/20",
		"proc/30",
		"proc/30/ns",
		"proc/self",
		"cg",
		"cg/docker",
		"cg/docker/" ID,
	};
	char path[256];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, folders[i]);
		if (mkdir(path, 0755) < 0)
			return -1;
	}
	for (size_t i = 0; i < FILE_COUNT; i++)
		if (put(directory, files[i], "") < 0)
			return -1;
	return put_processes(directory) < 0 ? -1 : put_mounts(directory);
}

static void hear_event(struct scenario *scenario, const struct janus_event *event)
{
	uint32_t kind = janus_event_get_kind(event);

	if (kind == JANUS_EVENT_END) {
		checks_expect(&scenario->failed, !scenario->ended, "a second end");
		checks_expect(&scenario->failed, janus_event_get_cookie(event) == MORTAL,
			      "an end of the wrong watch");
		scenario->ended = true;
	}
	scenario->told |= kind == JANUS_EVENT_GAP;
	scenario->spared += kind == JANUS_EVENT_OPEN &&
			    janus_event_get_reason(event) == JANUS_REASON_EXCEPTION;
}

/* Hear what there is to be heard. */
static void listen(struct scenario *scenario)
{
	struct janus_stats stats = JANUS_STATS_INIT;
	int count = janus_poll(scenario->context, scenario->buffer, STEP_NS);

	checks_expect(&scenario->failed,
		      count >= 0 || scenario->run->may_break || count != -EIO,
		      "a group was given up");
	scenario->told |= count < 0;
	for (int i = 0; i < count; i++)
		hear_event(scenario, janus_event_buffer_get(scenario->buffer, (size_t)i));
	if (janus_get_stats(scenario->context, &stats) == 0)
		scenario->told |= stats.failed || stats.reply_errors ||
				  stats.read_errors || stats.malformed;
}

static void check_open(struct scenario *scenario, struct opener *opener, enum file file,
		       int wanted)
{
	int64_t end = checks_now_ns() + PATIENCE_NS;
	int got = opener_open(opener, at(scenario, files[file]));

	checks_expect(&scenario->failed, got != -1, "%s: left blocked", files[file]);
	while (got != wanted && !scenario->told && checks_now_ns() < end)
		listen(scenario);
	checks_expect(&scenario->failed, got == wanted || scenario->told,
		      "%s: errno %d, wanted %d, untold", files[file], got, wanted);
}

static void hear(void *userdata, uint32_t level, const char *message)
{
	struct scenario *scenario = userdata;

	checks_expect(&scenario->failed,
		      level <= JANUS_LOG_DEBUG && message[0] && !strchr(message, '\n'),
		      "a bad message");
}

/* Spare a process, and whoever else these may be: nobody is one of them. */
static void spare(struct scenario *scenario, struct janus_exception exceptions[4])
{
	exceptions[0] = (struct janus_exception){ JANUS_EXCEPTION_HOST_EXE, 0,
						  "/bin/true" };
	exceptions[1] = (struct janus_exception){ JANUS_EXCEPTION_EXE, 0, "/bin/none" };
	exceptions[2] = (struct janus_exception){ JANUS_EXCEPTION_CGROUP, 0, "/none" };
	exceptions[3] = (struct janus_exception){ JANUS_EXCEPTION_ANCESTOR,
						  (uint32_t)scenario->friend.pid, NULL };
}

static void create_watch(struct scenario *scenario, enum file file)
{
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus_exception exceptions[4];
	const char *path = at(scenario, files[file]);
	int err;

	subject.deny = &path;
	subject.deny_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	options.subjects = &subject;
	options.subject_count = 1;
	options.cookie = file;
	if (file == MORTAL) {
		options.target = JANUS_TARGET_PID;
		options.pid = scenario->mortal.pid;
	} else {
		spare(scenario, exceptions);
		subject.exceptions = exceptions;
		subject.exception_count = 4;
	}
	err = janus_watch_create(scenario->context, &scenario->watches[file], &options,
				 &report);
	checks_expect(&scenario->failed, (err == 0) == (scenario->watches[file] != NULL),
		      "%s: half a watch", files[file]);
	checks_expect(&scenario->failed,
		      !err || err == -ENOMEM ||
			      (report.message[0] && report.first_error == err),
		      "%s: error %d with message '%s'", files[file], err, report.message);
}

static void check_exceptions(struct scenario *scenario)
{
	int64_t end = checks_now_ns() + PATIENCE_NS;
	bool watched = scenario->watches[SPARING];

	check_open(scenario, &scenario->friend, SPARING, 0);
	check_open(scenario, &scenario->stranger, SPARING, watched ? EPERM : 0);
	check_open(scenario, &scenario->mortal, SPARING, watched ? EPERM : 0);
	while (watched && !scenario->spared && !scenario->told && checks_now_ns() < end)
		listen(scenario);
	checks_expect(&scenario->failed, scenario->spared == watched || scenario->told,
		      "%u records of who was spared, untold", scenario->spared);
}

/* With its process the watch goes, and says so. */
static void check_end(struct scenario *scenario)
{
	int64_t end = checks_now_ns() + PATIENCE_NS;
	bool watched = scenario->watches[MORTAL];

	check_open(scenario, &scenario->mortal, MORTAL, watched ? EPERM : 0);
	check_open(scenario, &scenario->stranger, MORTAL, watched ? EPERM : 0);
	checks_expect(&scenario->failed, !scenario->ended, "an end before the end");
	opener_stop(&scenario->mortal);
	while (watched && !scenario->ended && checks_now_ns() < end)
		listen(scenario);
	checks_expect(&scenario->failed, scenario->ended == watched,
		      "the end is not told");
	check_open(scenario, &scenario->stranger, MORTAL, 0);
	janus_watch_destroy(scenario->watches[MORTAL]);
	scenario->watches[MORTAL] = NULL;
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
	create_watch(scenario, SPARING);
	create_watch(scenario, MORTAL);
	check_exceptions(scenario);
	check_end(scenario);
}

static bool is_clear(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -EIO;
}

/* One that is seen by its cgroup, and one by its runtime's word. */
static void check_census(struct scenario *scenario, struct janus_containers *census)
{
	const struct janus_container *found = NULL;
	int err = janus_containers_refresh(census);

	checks_expect(&scenario->failed, !err || is_clear(err), "refresh: error %d", err);
	checks_expect(&scenario->failed,
		      err || janus_containers_get_count(census) == 2 ||
			      scenario->run->may_hide,
		      "%zu containers of 2, untold", janus_containers_get_count(census));
	err = janus_containers_lookup(census, ID, &found);
	checks_expect(&scenario->failed,
		      err ? is_clear(err) : janus_container_get_init_pid(found) == 20,
		      "lookup of the one by its cgroup: error %d", err);
	err = janus_containers_lookup(census, "web", &found);
	checks_expect(&scenario->failed,
		      err ? is_clear(err) : janus_container_get_init_pid(found) == 30,
		      "lookup of the one by its state: error %d", err);
	err = janus_containers_find(census, 20, &found);
	checks_expect(&scenario->failed,
		      err ? is_clear(err) : janus_container_get_init_pid(found) == 20,
		      "find: error %d", err);
	/* What fails fails once. */
	err = janus_containers_refresh(census);
	if (err || janus_containers_get_count(census) != 2)
		err = janus_containers_refresh(census);
	checks_expect(&scenario->failed,
		      err == 0 && janus_containers_get_count(census) == 2,
		      "refresh at last: error %d", err);
}

static void count_containers(struct scenario *scenario)
{
	struct janus_containers *census = NULL;
	int err = janus__containers_create(scenario->run->kernel, at(scenario, "proc"),
					   NULL, &census);

	checks_expect(&scenario->failed, (err == 0) == (census != NULL), "half a census");
	checks_expect(&scenario->failed, !err || is_clear(err), "census: error %d", err);
	if (!err)
		check_census(scenario, census);
	janus_containers_destroy(census);
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
	count_containers(scenario);
	checks_expect(&scenario->failed, checks_count_fds() == fds, "%d fds are left",
		      checks_count_fds() - fds);
	checks_expect(&scenario->failed, allocations_live() == blocks,
		      "%ld blocks are left", allocations_live() - blocks);
	opener_stop(&scenario->friend);
	opener_stop(&scenario->stranger);
}

static int run(const struct scenario_run *run)
{
	struct scenario scenario = { .run = run };
	long blocks = allocations_live();
	int fds;

	scenario.friend = opener_start();
	scenario.stranger = opener_start();
	fds = checks_count_fds();
	scenario.mortal = opener_start();
	live(&scenario);
	if (!scenario.context || !scenario.buffer)
		opener_stop(&scenario.mortal);
	end(&scenario, fds, blocks);
	return scenario.failed;
}

const struct scenario_kind scenario_who = {
	.name = "who",
	.prepare = prepare,
	.run = run,
};
