// SPDX-License-Identifier: MIT
/*
 * Owns the lifetimes: what is opened here is closed here, in the opposite order.
 */
#include "context.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "features.h"
#include "keep.h"
#include "options.h"
#include "util.h"
#include "watch.h"

#define RING_BYTES_DEFAULT ((uint64_t)1 << 20)
#define RING_BYTES_MIN ((uint64_t)16 << 10)
#define RING_BYTES_MAX ((uint64_t)1 << 30)
#define DEADLINE_NS_MIN ((uint64_t)10 * 1000000)
#define DEADLINE_NS_MAX ((uint64_t)3600 * 1000000000)

static int check_options(struct janus_context_options *ret,
			 const struct janus_context_options *given)
{
	static const struct janus_context_options defaults = JANUS_CONTEXT_OPTIONS_INIT;
	int err = janus__options_read(ret, sizeof(*ret), given ? given : &defaults);

	if (err)
		return err;
	if (ret->ring_bytes == 0)
		ret->ring_bytes = RING_BYTES_DEFAULT;
	if (ret->log_level == 0)
		ret->log_level = JANUS_LOG_WARNING;
	if (ret->deadline_ns == 0)
		ret->deadline_ns = JANUS__DEADLINE_DEFAULT_NS;
	if (ret->deadline_ns < DEADLINE_NS_MIN || ret->deadline_ns > DEADLINE_NS_MAX)
		return -EINVAL;
	if (ret->keep &&
	    ret->keep->ledger->flags != (ret->flags & (uint32_t)JANUS_CONTEXT_THREADS))
		return -EINVAL;
	if (ret->ring_bytes < RING_BYTES_MIN || ret->ring_bytes > RING_BYTES_MAX ||
	    ret->log_level > JANUS_LOG_DEBUG ||
	    (ret->flags &
	     ~((uint32_t)JANUS_CONTEXT_BOUNDED_QUEUE | (uint32_t)JANUS_CONTEXT_THREADS)))
		return -EINVAL;
	return 0;
}

static size_t round_up_to_power_of_two(uint64_t size)
{
	size_t power = RING_BYTES_MIN;

	while (power < size)
		power *= 2;
	return power;
}

/* What the last worker has told the kernel to leave alone is asked about again. */
static int use_groups(struct janus_context *context)
{
	const struct janus_keep *keep = context->keep;

	context->features = keep->ledger->features;
	context->group_fd = keep->group_fd;
	context->marker.group_fd = keep->group_fd;
	context->wide_fd = keep->wide_fd;
	if (keep->wide_fd < 0)
		return 0;
	return context->kernel->fanotify_mark(keep->wide_fd, FAN_MARK_FLUSH, 0, AT_FDCWD,
					      NULL);
}

/* Without the right to ask for permission there still is a context, for what needs none. */
static int open_groups(struct janus_context *context)
{
	const struct janus__kernel *kernel = context->kernel;
	int group;

	if (context->keep)
		return use_groups(context);
	group = janus__features_open_group(kernel, context->flags & JANUS_CONTEXT_THREADS,
					   &context->features);

	if (group == -EPERM)
		return 0;
	if (group < 0)
		return group;
	context->group_fd = group;
	context->marker.group_fd = group;
	return janus__features_open_wide(kernel, context->flags & JANUS_CONTEXT_THREADS,
					 &context->features, &context->wide_fd);
}

/* Everything that janus_poll() has to look after. */
static int open_epoll(struct janus_context *context)
{
	const struct janus__kernel *kernel = context->kernel;
	int err;

	context->tending.timer_fd = kernel->timer_create();
	if (context->tending.timer_fd < 0)
		return context->tending.timer_fd;
	context->epoll_fd = kernel->epoll_create();
	if (context->epoll_fd < 0)
		return context->epoll_fd;
	context->lives.epoll_fd = context->epoll_fd;
	err = kernel->epoll_add(context->epoll_fd, context->ready_fd, NULL);
	if (!err)
		err = kernel->epoll_add(context->epoll_fd, context->tending.timer_fd,
					NULL);
	return err;
}

static int open_fds(struct janus_context *context)
{
	const struct janus__kernel *kernel = context->kernel;
	int err = janus__proc_open(kernel, "/proc", &context->proc);

	if (err)
		return err == -ENOENT ? -ENOSYS : err;
	/*
	 * A process that is killed closes its highest fd first, and that has to be the group that
	 * is asked first, and observation last; see close_fds().
	 */
	context->low_fd = kernel->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (context->low_fd < 0)
		return context->low_fd;
	context->stop_fd = kernel->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (context->stop_fd < 0)
		return context->stop_fd;
	context->wake_fd = kernel->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (context->wake_fd < 0)
		return context->wake_fd;
	context->ready_fd = kernel->eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (context->ready_fd < 0)
		return context->ready_fd;
	err = open_epoll(context);
	return err ? err : open_groups(context);
}

/*
 * The groups go first, in the order in which they are asked: whoever still waits for one is let
 * through, and only then can the ones after it be closed.
 */
static void close_fds(struct janus_context *context)
{
	bool own = !context->keep;
	const int fds[] = { own ? context->wide_fd : -1,
			    own ? context->group_fd : -1,
			    context->epoll_fd,
			    context->tending.timer_fd,
			    context->ready_fd,
			    context->wake_fd,
			    context->stop_fd,
			    context->low_fd };

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(fds); i++)
		if (fds[i] >= 0)
			context->kernel->close(fds[i]);
	janus__proc_done(&context->proc);
}

static int start_responder(struct janus_context *context)
{
	struct janus__responder *responder = &context->responder;

	responder->kernel = context->kernel;
	responder->proc = &context->proc;
	responder->rules = &context->rules;
	responder->ring = &context->ring;
	responder->counters = &context->counters;
	responder->quiet = &context->quiet;
	responder->group_fd = context->group_fd;
	responder->wide_fd = context->wide_fd;
	responder->stop_fd = context->stop_fd;
	responder->ready_fd = context->ready_fd;
	responder->own_pid = getpid();
	responder->ledger = context->ledger;
	responder->wake_fd = context->keep ? context->keep->wake_fd : context->wake_fd;
	responder->shared = context->keep;
	responder->keeper_pid = atomic_load(&context->ledger->keeper_pid);
	atomic_store(&responder->holding, context->keep);
	responder->threads = context->flags & JANUS_CONTEXT_THREADS;
	return context->group_fd < 0 ? 0 : janus__responder_start(responder);
}

/* With a keep that is the keeper's part. */
static int start_watchdog(struct janus_context *context)
{
	struct janus__overdue *overdue = &context->watchdog.overdue;

	overdue->kernel = context->kernel;
	overdue->ledger = context->ledger;
	overdue->group_fd = context->group_fd;
	overdue->wide_fd = context->wide_fd;
	overdue->number_fd = -1;
	overdue->wake_fd = context->wake_fd;
	overdue->failure.proc = &context->proc;
	overdue->failure.strict = &context->ledger->strict;
	context->watchdog.stop_fd = context->stop_fd;
	return context->keep || context->group_fd < 0
		       ? 0
		       : janus__watchdog_start(&context->watchdog);
}

/* The keep's, if no other context has it; or one of its own. */
static int have_ledger(struct janus_context *context, uint64_t deadline_ns)
{
	int nobody = 0;

	if (!context->keep) {
		context->ledger = calloc(1, sizeof(*context->ledger));
		if (!context->ledger)
			return -ENOMEM;
		janus__ledger_init(context->ledger);
		atomic_store(&context->ledger->reader_pid, getpid());
	} else {
		if (!atomic_compare_exchange_strong(&context->keep->ledger->reader_pid,
						    &nobody, getpid()))
			return -EBUSY;
		context->ledger = context->keep->ledger;
		janus__strict_recover(&context->ledger->strict);
		atomic_fetch_add(&context->ledger->workers, 1);
	}
	atomic_store(&context->ledger->deadline_ns, (int64_t)deadline_ns);
	context->rules.strict = &context->ledger->strict;
	return 0;
}

static void give_back_ledger(struct janus_context *context)
{
	if (!context->keep)
		free(context->ledger);
	else if (context->ledger)
		atomic_store(&context->ledger->reader_pid, 0);
	context->ledger = NULL;
	context->rules.strict = NULL;
}

static struct janus_context *new_context(const struct janus_context_options *options,
					 const struct janus__kernel *kernel)
{
	struct janus_context *context = calloc(1, sizeof(*context));

	if (!context)
		return NULL;
	context->kernel = kernel;
	context->log = (struct janus__log){
		.fn = options->log,
		.userdata = options->log_userdata,
		.level = options->log_level,
	};
	janus__linger_init(&context->linger);
	janus__later_init(&context->later);
	pthread_mutex_init(&context->engine, NULL);
	context->flags = options->flags;
	context->keep = options->keep;
	context->marker = (struct janus__marker){
		.kernel = kernel,
		.proc = &context->proc,
		.log = &context->log,
		.rules = &context->rules,
		.counters = &context->counters,
		.trees = &context->trees,
		.teller = &context->teller,
		.wide = &context->wide,
		.fresh = &context->fresh,
		.later = &context->later,
		.doubts = &context->doubts,
		.quiet = &context->quiet,
		.mark_limit = options->mark_limit,
		.group_fd = -1,
		.observe_fd = -1,
		.batch_left = &context->follower.batch_left,
	};
	context->wide = (struct janus__wide){
		.kernel = kernel,
		.proc = &context->proc,
		.group_fd = -1,
	};
	context->teller = (struct janus__teller){
		.ring = &context->observed,
		.counters = &context->counters,
	};
	context->follower.mount_fd = -1;
	context->follower.kick_fd = -1;
	context->proc.kernel = kernel;
	context->proc.fd = -1;
	context->group_fd = -1;
	context->wide_fd = -1;
	context->low_fd = -1;
	context->stop_fd = -1;
	context->wake_fd = -1;
	context->ready_fd = -1;
	context->epoll_fd = -1;
	context->tending.timer_fd = -1;
	context->lives.kernel = kernel;
	janus__notices_init(&context->notices);
	return context;
}

int janus__context_create(struct janus_context **ret,
			  const struct janus_context_options *given,
			  const struct janus__kernel *kernel)
{
	struct janus_context_options options;
	struct janus_context *context;
	int err;

	if (!ret)
		return -EINVAL;
	err = check_options(&options, given);
	if (err)
		return err;
	context = new_context(&options, kernel);
	if (!context)
		return -ENOMEM;
	err = janus__rules_init(&context->rules);
	if (err)
		goto free_context;
	err = janus__ring_init(&context->ring,
			       round_up_to_power_of_two(options.ring_bytes));
	if (err)
		goto free_rules;
	err = have_ledger(context, options.deadline_ns);
	if (err)
		goto done_ring;
	err = open_fds(context);
	janus__quiet_init(&context->quiet, &context->proc, context->wide_fd);
	context->wide.group_fd = context->wide_fd;
	if (!err)
		err = start_responder(context);
	if (err)
		goto close_fds;
	err = start_watchdog(context);
	if (err)
		goto stop_responder;
	*ret = context;
	return 0;

stop_responder:
	janus__responder_stop(&context->responder);
close_fds:
	janus__quiet_done(&context->quiet);
	close_fds(context);
	give_back_ledger(context);
done_ring:
	janus__ring_done(&context->ring);
free_rules:
	janus__rules_done(&context->rules);
free_context:
	pthread_mutex_destroy(&context->engine);
	free(context);
	return err;
}

int janus_context_create(struct janus_context **ret,
			 const struct janus_context_options *options)
{
	return janus__context_create(ret, options, &janus__kernel_linux);
}

void janus_context_destroy(struct janus_context *context)
{
	if (!context)
		return;
	janus__follower_stop(&context->follower);
	janus__responder_stop(&context->responder);
	janus__watchdog_stop(&context->watchdog);
	give_back_ledger(context);
	if (context->responder.group_closed)
		context->group_fd = -1;
	if (context->responder.wide_closed)
		context->wide_fd = -1;
	if (context->marker.observe_fd == context->low_fd)
		context->low_fd = -1;
	close_fds(context);
	janus__context_unfollow(context);
	context->lives.epoll_fd = -1;
	context->marker.group_fd = -1;
	context->wide.group_fd = -1;
	context->quiet.wide_fd = -1;
	janus__watches_free(context);
	janus__notices_done(&context->notices);
	janus__linger_done(&context->linger, &context->marker);
	janus__quiet_done(&context->quiet);
	janus__wide_done(&context->wide);
	janus__fresh_done(&context->fresh);
	janus__later_done(&context->later);
	janus__doubts_done(&context->doubts);
	janus__trees_done(&context->trees);
	janus__ring_done(&context->observed);
	janus__actors_destroy(context->teller.actors);
	janus__rules_done(&context->rules);
	janus__ring_done(&context->ring);
	pthread_mutex_destroy(&context->engine);
	free(context);
}

int janus_context_resume(struct janus_context *context)
{
	if (!context)
		return -EINVAL;
	if (!atomic_load(&context->responder.holding))
		return 0;
	janus__rules_restate(&context->rules);
	janus__responder_resume(&context->responder);
	return 0;
}

/* The responder asks for it when a mark that is overdue still costs openers time. */
void janus__context_expire(struct janus_context *context)
{
	int64_t due_ns;

	if (!context->linger.first)
		return;
	pthread_mutex_lock(&context->engine);
	due_ns = janus__linger_expire(&context->linger, &context->marker);
	pthread_mutex_unlock(&context->engine);
	atomic_store(&context->responder.linger_due_ns, due_ns);
}
