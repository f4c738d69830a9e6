// SPDX-License-Identifier: MIT
#include "reload.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "file_watch.h"
#include "log.h"
#include "text.h"
#include "util.h"

enum reading_state {
	READING_RUNS,
	READING_DONE,
	READING_LEFT, /* nobody wants it any more: the thread frees it */
};

/* One look at all files. The thread's until it is done. */
struct reading {
	atomic_int state;
	pthread_t thread;
	int done; /* an eventfd, the reload's */
	struct reload_source source;
	struct reload_plan plan;
};

struct reload {
	struct reload_apply apply;
	int epoll;
	int done;
	struct file_watch *watch;
	struct reading *reading; /* NULL: none is under way */
	struct reload_waiter *waiters;
	uint64_t round; /* of the last reading that was begun */
	bool again;     /* asked for since then */
	int error;      /* why it could not be begun; nobody was told yet */
	bool stopped;
	bool failed;
};

static void reading_free(struct reading *reading)
{
	reload_plan_done(&reading->plan);
	free(reading);
}

static void *read_files(void *argument)
{
	const uint64_t one = 1;
	struct reading *reading = argument;

	reload_plan_read(&reading->plan, &reading->source);
	if (atomic_exchange(&reading->state, READING_DONE) == READING_LEFT) {
		reading_free(reading);
		return NULL;
	}
	/* It is joined before this fd is closed. */
	if (write(reading->done, &one, sizeof(one)) != sizeof(one))
		abort(); /* an eventfd that is read after each write */
	return NULL;
}

static int add_fd(const struct reload *reload, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(reload->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void watch_files(struct reload *reload, const struct cmdline *cmdline)
{
	const struct settings *settings = &cmdline->settings;

	if (settings->watch_files)
		file_watch_set(reload->watch,
			       cmdline->config_file ? cmdline->config_file : CONFIG_FILE,
			       settings->guards_folder);
	else
		file_watch_set(reload->watch, NULL, NULL);
}

int reload_create(struct reload **ret, const struct reload_apply *apply)
{
	struct reload *reload = calloc(1, sizeof(*reload));
	int error;

	if (!reload)
		return -ENOMEM;
	reload->apply = *apply;
	reload->epoll = epoll_create1(EPOLL_CLOEXEC);
	reload->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	error = reload->epoll < 0 || reload->done < 0 || add_fd(reload, reload->done)
			? -errno
			: file_watch_create(&reload->watch);
	if (!error && add_fd(reload, file_watch_get_fd(reload->watch)))
		error = -errno;
	if (error) {
		reload_destroy(reload);
		return error;
	}
	watch_files(reload, apply->source->running);
	*ret = reload;
	return 0;
}

static void leave_reading(struct reading *reading)
{
	if (atomic_exchange(&reading->state, READING_LEFT) == READING_RUNS) {
		pthread_detach(reading->thread);
		return;
	}
	pthread_join(reading->thread, NULL);
	reading_free(reading);
}

void reload_destroy(struct reload *reload)
{
	if (!reload)
		return;
	reload_stop(reload);
	if (reload->reading)
		leave_reading(reload->reading);
	file_watch_destroy(reload->watch);
	util_close(&reload->epoll);
	util_close(&reload->done);
	free(reload);
}

static void finish_waiters(struct reload *reload, const struct reload_waiter *result)
{
	struct reload_waiter **link = &reload->waiters;

	while (*link) {
		struct reload_waiter *waiter = *link;

		if (waiter->round > result->round) {
			link = &waiter->next;
			continue;
		}
		*link = waiter->next;
		waiter->status = result->status;
		waiter->generation = result->generation;
		waiter->guards = result->guards;
		memcpy(waiter->needs_restart, result->needs_restart,
		       sizeof(waiter->needs_restart));
		waiter->done(waiter);
	}
}

static void fail_all(struct reload *reload)
{
	struct reload_waiter result = { .round = reload->round };
	int error = reload->error;

	log_error("reload: files cannot be read: %s; what was in force goes on",
		  strerror(error));
	reload->error = 0;
	status_set(&result.status, STATUS_RESOURCE_EXHAUSTED, "reload: %s",
		   strerror(error));
	finish_waiters(reload, &result);
}

static void begin(struct reload *reload)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	int error = ENOMEM;

	reload->again = false;
	reload->round++;
	if (reading) {
		reading->done = reload->done;
		reading->source = *reload->apply.source;
		error = pthread_create(&reading->thread, NULL, read_files, reading);
	}
	if (!error) {
		reload->reading = reading;
		return;
	}
	free(reading);
	reload->error = error;
	reload->failed = true;
}

void reload_ask(struct reload *reload, struct reload_waiter *waiter)
{
	if (waiter) {
		waiter->round = reload->round + 1;
		waiter->next = reload->waiters;
		reload->waiters = waiter;
	}
	/* The waiter is told by reload_run() even if this fails: who calls still has it in hand. */
	if (reload->stopped)
		return;
	if (reload->reading)
		reload->again = true;
	else
		begin(reload);
}

void reload_stop(struct reload *reload)
{
	struct reload_waiter result = { .round = UINT64_MAX };

	reload->stopped = true;
	status_set(&result.status, STATUS_UNAVAILABLE, "reload: janusd is about to end");
	finish_waiters(reload, &result);
}

bool reload_is_busy(const struct reload *reload)
{
	return reload->reading;
}

bool reload_has_failed(const struct reload *reload)
{
	return reload->failed;
}

int reload_get_fd(const struct reload *reload)
{
	return reload->epoll;
}

static void log_fault(void *userdata, const char *line)
{
	(void)userdata;
	log_error("reload: %s", line);
}

static void refuse(struct reload *reload, const struct reload_plan *plan,
		   struct reload_waiter *result)
{
	const struct faults *faults = &plan->faults;

	faults_tell(faults, log_fault, NULL);
	log_error("reload: refused, %zu errors; what was in force goes on",
		  faults->count);
	reload->failed = true;
	status_set(&result->status, STATUS_FAILED_PRECONDITION, "files: %.900s",
		   faults->lines.data ? faults->lines.data : "no memory");
	for (char *c = strchr(result->status.message, '\n'); c; c = strchr(c, '\n'))
		*c = c[1] ? ';' : '\0';
}

static void tell_done(const struct reload_waiter *result,
		      const struct reload_counts *counts)
{
	log_notice("reloaded: generation %" PRIu64 ", %zu guards of files, %zu changed,"
		   " %zu removed",
		   result->generation, counts->guards, counts->changed, counts->removed);
	for (size_t i = 0; result->needs_restart[i]; i++)
		log_warning("reload: '%s' has changed, which needs a restart",
			    result->needs_restart[i]);
}

static void apply_plan(struct reload *reload, struct reload_plan *plan)
{
	const struct reload_apply *apply = &reload->apply;
	struct reload_waiter result = { .round = reload->round };
	struct reload_counts counts;

	if (plan->faults.count || reload_apply(apply, plan, &counts)) {
		refuse(reload, plan, &result);
	} else {
		reload->failed = false;
		result.generation = guards_generation(apply->guards);
		result.guards = counts.guards;
		config_changes(apply->source->running->config, &plan->config,
			       result.needs_restart);
		watch_files(reload, &plan->cmdline);
		tell_done(&result, &counts);
	}
	finish_waiters(reload, &result);
}

static void take_reading(struct reload *reload)
{
	struct reading *reading = reload->reading;
	uint64_t count;

	if (read(reload->done, &count, sizeof(count)) != sizeof(count) || !reading)
		return;
	pthread_join(reading->thread, NULL);
	/* Busy until it is applied: applying looks after other work, too. */
	if (!reload->stopped)
		apply_plan(reload, &reading->plan);
	reading_free(reading);
	reload->reading = NULL;
	if (reload->again && !reload->stopped)
		begin(reload);
}

void reload_run(struct reload *reload)
{
	take_reading(reload);
	if (reload->error)
		fail_all(reload);
	if (reload->stopped)
		reload_stop(reload);
	if (!file_watch_take(reload->watch) || reload->stopped)
		return;
	log_info("reload: files have changed");
	reload_ask(reload, NULL);
}
