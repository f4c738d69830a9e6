// SPDX-License-Identifier: MIT
/*
 * Owns the groups and the ledger, in the process that outlives those who answer. Must not:
 * start threads, know rules.
 */
#include "keep.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <janus/context.h>

#include "features.h"
#include "options.h"
#include "util.h"

/* The order in which the fds of a keep are told. */
enum part {
	LEDGER,
	GROUP,
	WIDE,
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000 + now.tv_nsec;
}

static struct janus_keep *new_keep(const struct janus__kernel *kernel)
{
	struct janus_keep *keep = calloc(1, sizeof(*keep));

	if (!keep)
		return NULL;
	keep->kernel = kernel;
	keep->proc = (struct janus__proc){ .kernel = kernel, .fd = -1 };
	keep->ledger_fd = -1;
	keep->group_fd = -1;
	keep->wide_fd = -1;
	keep->epoll_fd = -1;
	keep->timer_fd = -1;
	keep->wake_fd = -1;
	keep->overdue.number_fd = -1;
	return keep;
}

/* The group that is asked first goes first, as in a context. */
static void free_keep(struct janus_keep *keep, bool with_groups)
{
	const int own[] = { keep->overdue.number_fd, keep->epoll_fd, keep->timer_fd,
			    keep->wake_fd };
	const int kept[] = { keep->wide_fd, keep->group_fd, keep->ledger_fd };

	for (size_t i = 0; with_groups && i < JANUS__ARRAY_COUNT(kept); i++)
		if (kept[i] >= 0)
			keep->kernel->close(kept[i]);
	for (size_t i = 0; i < JANUS__ARRAY_COUNT(own); i++)
		if (own[i] >= 0)
			keep->kernel->close(own[i]);
	if (keep->ledger)
		keep->kernel->memory_unmap(keep->ledger, sizeof(*keep->ledger));
	janus__proc_done(&keep->proc);
	free(keep);
}

/* It has to be the lowest number of all that come and go; see janus__overdue. */
static int take_number(struct janus_keep *keep)
{
	keep->overdue.number_fd = keep->kernel->eventfd(0, EFD_CLOEXEC);
	return keep->overdue.number_fd < 0 ? keep->overdue.number_fd : 0;
}

static int map_ledger(struct janus_keep *keep)
{
	void *memory;
	int err = keep->kernel->memory_map(keep->ledger_fd, sizeof(*keep->ledger),
					   &memory);

	if (!err)
		keep->ledger = memory;
	return err;
}

static int open_own(struct janus_keep *keep)
{
	const struct janus__kernel *kernel = keep->kernel;
	int err = janus__proc_open(kernel, "/proc", &keep->proc);

	if (err)
		return err == -ENOENT ? -ENOSYS : err;
	keep->timer_fd = kernel->timer_create();
	if (keep->timer_fd < 0)
		return keep->timer_fd;
	keep->wake_fd = kernel->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (keep->wake_fd < 0)
		return keep->wake_fd;
	keep->epoll_fd = kernel->epoll_create();
	return keep->epoll_fd < 0 ? keep->epoll_fd : 0;
}

/* Let the fd be readable as soon as somebody opens something. */
static int arm_groups(const struct janus_keep *keep)
{
	int err = keep->kernel->epoll_arm(keep->epoll_fd, keep->group_fd);

	if (!err && keep->wide_fd >= 0)
		err = keep->kernel->epoll_arm(keep->epoll_fd, keep->wide_fd);
	return err;
}

/* When everything is open. */
static int begin(struct janus_keep *keep)
{
	struct janus__overdue *overdue = &keep->overdue;
	int err = keep->kernel->epoll_add(keep->epoll_fd, keep->timer_fd, NULL);

	if (!err)
		err = keep->kernel->epoll_add(keep->epoll_fd, keep->wake_fd, NULL);
	overdue->kernel = keep->kernel;
	overdue->ledger = keep->ledger;
	overdue->group_fd = keep->group_fd;
	overdue->wide_fd = keep->wide_fd;
	overdue->wake_fd = keep->wake_fd;
	overdue->failure.proc = &keep->proc;
	overdue->failure.strict = &keep->ledger->strict;
	atomic_store(&keep->ledger->keeper_pid, getpid());
	atomic_store(&keep->ledger->asleep, true);
	return err ? err : arm_groups(keep);
}

static int open_ledger(struct janus_keep *keep, uint32_t flags)
{
	int err;

	keep->ledger_fd = keep->kernel->memory_create(sizeof(*keep->ledger));
	if (keep->ledger_fd < 0)
		return keep->ledger_fd;
	err = map_ledger(keep);
	if (err)
		return err;
	janus__ledger_init(keep->ledger);
	keep->ledger->flags = flags;
	return 0;
}

/* In this order: who is killed closes the highest fd first, and that is to be the wide group. */
static int open_groups(struct janus_keep *keep, uint32_t flags)
{
	bool threads = flags & JANUS_CONTEXT_THREADS;

	keep->group_fd = janus__features_open_group(keep->kernel, threads,
						    &keep->ledger->features);
	if (keep->group_fd < 0)
		return keep->group_fd;
	return janus__features_open_wide(keep->kernel, threads, &keep->ledger->features,
					 &keep->wide_fd);
}

int janus__keep_create(struct janus_keep **ret, const struct janus_keep_options *given,
		       const struct janus__kernel *kernel)
{
	static const struct janus_keep_options defaults = JANUS_KEEP_OPTIONS_INIT;
	struct janus_keep_options options;
	struct janus_keep *keep;
	int err;

	if (!ret)
		return -EINVAL;
	err = janus__options_read(&options, sizeof(options), given ? given : &defaults);
	if (err)
		return err;
	if (options.reserved || (options.flags & ~(uint32_t)JANUS_CONTEXT_THREADS))
		return -EINVAL;
	keep = new_keep(kernel);
	if (!keep)
		return -ENOMEM;
	err = take_number(keep);
	if (!err)
		err = open_ledger(keep, options.flags);
	if (!err)
		err = open_own(keep);
	if (!err)
		err = open_groups(keep, options.flags);
	if (!err)
		err = begin(keep);
	if (err) {
		free_keep(keep, true);
		return err;
	}
	*ret = keep;
	return 0;
}

int janus_keep_create(struct janus_keep **ret, const struct janus_keep_options *options)
{
	return janus__keep_create(ret, options, &janus__kernel_linux);
}

static int check_ledger(const struct janus_keep *keep)
{
	const struct janus__ledger *ledger = keep->ledger;
	bool has_wide = ledger->features & JANUS_FEATURE_WIDE;

	if (ledger->magic != JANUS__LEDGER_MAGIC)
		return -EINVAL;
	if (ledger->version != JANUS__LEDGER_VERSION)
		return -EPROTO;
	return has_wide == (keep->wide_fd >= 0) ? 0 : -EINVAL;
}

/* Whether it is a group with permission: only that takes an answer, and knows none for -1. */
static int check_group(const struct janus_keep *keep, int fd)
{
	const struct fanotify_response none = { .fd = -1, .response = FAN_ALLOW };
	ssize_t written = keep->kernel->write(fd, &none, sizeof(none));

	return written == -EINVAL || written == -ENOENT ? 0 : -EINVAL;
}

static int adopt(struct janus_keep *keep)
{
	uint64_t size = 0;
	int err = take_number(keep);

	if (!err)
		err = keep->kernel->memory_size(keep->ledger_fd, &size);
	if (err)
		return err == -EBADF ? -EINVAL : err;
	if (size != sizeof(*keep->ledger))
		return -EPROTO;
	err = map_ledger(keep);
	if (!err)
		err = check_ledger(keep);
	if (!err)
		err = check_group(keep, keep->group_fd);
	if (!err && keep->wide_fd >= 0)
		err = check_group(keep, keep->wide_fd);
	if (!err)
		err = open_own(keep);
	return err ? err : begin(keep);
}

int janus__keep_adopt(struct janus_keep **ret, const int *fds, size_t count,
		      const struct janus__kernel *kernel)
{
	struct janus_keep *keep;
	int err;

	if (!ret || !fds || count < GROUP + 1 || count > WIDE + 1)
		return -EINVAL;
	keep = new_keep(kernel);
	if (!keep)
		return -ENOMEM;
	keep->ledger_fd = fds[LEDGER];
	keep->group_fd = fds[GROUP];
	keep->wide_fd = count > WIDE ? fds[WIDE] : -1;
	err = adopt(keep);
	if (err) {
		free_keep(keep, false);
		return err;
	}
	janus__overdue_abandon(&keep->overdue);
	*ret = keep;
	return 0;
}

int janus_keep_adopt(struct janus_keep **ret, const int *fds, size_t count)
{
	return janus__keep_adopt(ret, fds, count, &janus__kernel_linux);
}

void janus_keep_destroy(struct janus_keep *keep)
{
	if (keep)
		free_keep(keep, true);
}

int janus_keep_get_fds(const struct janus_keep *keep, int *ret)
{
	if (!keep || !ret)
		return -EINVAL;
	ret[LEDGER] = keep->ledger_fd;
	ret[GROUP] = keep->group_fd;
	if (keep->wide_fd < 0)
		return WIDE;
	ret[WIDE] = keep->wide_fd;
	return WIDE + 1;
}

int janus_keep_get_fd(const struct janus_keep *keep)
{
	return keep ? keep->epoll_fd : -EINVAL;
}

/* A group is told once: only who fetches that from the epoll is not told again. */
static void fetch_readable(const struct janus_keep *keep)
{
	void *readable[4];

	(void)keep->kernel->epoll_wait(keep->epoll_fd, readable,
				       JANUS__ARRAY_COUNT(readable));
}

int janus_keep_look(struct janus_keep *keep)
{
	int64_t now = now_ns();
	unsigned int answered;

	if (!keep)
		return -EINVAL;
	fetch_readable(keep);
	answered = janus__overdue_look(&keep->overdue, now);
	if (!janus__overdue_may_sleep(&keep->overdue, now)) {
		(void)keep->kernel->timer_set(keep->timer_fd,
					      now + JANUS__OVERDUE_TICK_NS);
	} else {
		(void)keep->kernel->timer_set(keep->timer_fd, 0);
		/* If that fails it is looked again, rather than never. */
		if (arm_groups(keep) < 0)
			(void)keep->kernel->timer_set(keep->timer_fd,
						      now + JANUS__OVERDUE_TICK_NS);
	}
	return janus__overdue_is_broken(&keep->overdue) ? -EIO : (int)answered;
}

int janus_keep_abandon(struct janus_keep *keep)
{
	return keep ? (int)janus__overdue_abandon(&keep->overdue) : -EINVAL;
}

static uint64_t read_counter(const atomic_uint_least64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

int janus_keep_get_stats(const struct janus_keep *keep, struct janus_keep_stats *ret)
{
	struct janus_keep_stats stats = JANUS_KEEP_STATS_INIT;

	if (!keep || !ret)
		return -EINVAL;
	stats.late = read_counter(&keep->ledger->late);
	stats.unread = read_counter(&keep->ledger->unread);
	stats.abandoned = read_counter(&keep->ledger->abandoned);
	stats.denied = read_counter(&keep->ledger->denied);
	stats.workers = read_counter(&keep->ledger->workers);
	return janus__options_write(ret, &stats, sizeof(stats));
}
