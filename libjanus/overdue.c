// SPDX-License-Identifier: MIT
/*
 * Owns the answers that are given for the reader of the groups. Must not: allocate, log, wait,
 * open a guarded file.
 */
#include "overdue.h"

#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "decode.h"
#include "respond.h"
#include "util.h"

/* As many are read for the reader in one look, so that it ends. */
#define READS_MAX 4096u

/* A group that fails this often in a row will not come back. */
#define READ_ERRORS_MAX 64u

static void count(atomic_uint_least64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* True: somebody has waited for it. */
static bool answer(const struct janus__overdue *overdue, bool wide, int fd, bool deny)
{
	return janus__respond(overdue->kernel,
			      wide ? overdue->wide_fd : overdue->group_fd,
			      &(struct janus__answer){ .fd = fd, .deny = deny }) == 0;
}

/* Before the answer, so that whoever got one is in the counters. */
static void count_answer(const struct janus__overdue *overdue,
			 atomic_uint_least64_t *counter, bool deny)
{
	count(counter);
	if (deny)
		count(&overdue->ledger->denied);
}

/* Whoever answers, and its keeper, must not wait for themselves. */
static bool is_own(const struct janus__overdue *overdue, int32_t pid)
{
	const struct janus__ledger *ledger = overdue->ledger;
	int32_t reader = atomic_load(&ledger->reader_pid);
	int32_t keeper = atomic_load(&ledger->keeper_pid);
	struct statx stx;
	char path[64];

	if (pid <= 0)
		return false;
	if (pid == reader || pid == keeper)
		return true;
	snprintf(path, sizeof(path), "%d/task/%d", reader, pid);
	return reader && overdue->kernel->statx(overdue->failure.proc->fd, path, 0,
						STATX_INO, &stx) == 0;
}

static bool denies(const struct janus__overdue *overdue, uint32_t slot)
{
	struct janus__ledger *ledger = overdue->ledger;

	return janus__ledger_denies(ledger, &ledger->slots[slot]) &&
	       !is_own(overdue, janus__ledger_pid(ledger, slot));
}

/* The reader has his event, and does not come back to it. True: he has got an answer by that. */
static bool answer_slot(const struct janus__overdue *overdue, uint32_t at)
{
	struct janus__slot *slot = &overdue->ledger->slots[at];
	bool deny = denies(overdue, at);
	bool wide = atomic_load(&slot->wide);
	int fd = janus__ledger_fd(overdue->ledger, at);

	if (janus__slot_take(slot, deny ? JANUS__SLOT_DENYING : JANUS__SLOT_ALLOWING)) {
		count_answer(overdue, &overdue->ledger->late, deny);
		(void)answer(overdue, wide, fd, deny);
		atomic_store(&slot->state,
			     deny ? JANUS__SLOT_DENIED : JANUS__SLOT_ALLOWED);
		return true;
	}
	/* Stopped on the last step: its fd stays open until it goes on, so this is no other one. */
	if (janus__slot_state(slot) == JANUS__SLOT_TAKEN)
		(void)answer(overdue, wide, fd, deny);
	return false;
}

static unsigned int answer_late(const struct janus__overdue *overdue, int64_t now_ns)
{
	struct janus__ledger *ledger = overdue->ledger;
	int64_t deadline_ns = atomic_load(&ledger->deadline_ns);
	unsigned int answered = 0;

	for (uint32_t i = 0; i < JANUS__SLOTS; i++) {
		unsigned int state = janus__slot_state(&ledger->slots[i]);

		if (state > JANUS__SLOT_TAKEN || janus__ledger_fd(ledger, i) < 0 ||
		    now_ns - janus__ledger_since_ns(ledger, i) < deadline_ns ||
		    !answer_slot(overdue, i))
			continue;
		answered++;
	}
	return answered;
}

/*
 * Read one event with the number that is kept for it: the reader, if it lives, has that number
 * in use for something else, so that no answer of it can be meant for this event.
 */
static int read_one(struct janus__overdue *overdue, bool wide,
		    struct janus__kernel_event *ret)
{
	struct fanotify_event_metadata event;
	ssize_t length;

	if (overdue->number_fd >= 0)
		overdue->kernel->close(overdue->number_fd);
	length = overdue->kernel->read(wide ? overdue->wide_fd : overdue->group_fd,
				       &event, sizeof(event));
	if (length <= 0)
		return length ? (int)length : -EAGAIN;
	return janus__decode(&event, (size_t)length, ret) < 0 ? -EBADMSG : 0;
}

static void done_with(struct janus__overdue *overdue, int fd)
{
	if (fd >= 0)
		overdue->kernel->close(fd);
	if (overdue->number_fd >= 0)
		overdue->number_fd = overdue->kernel->eventfd(0, EFD_CLOEXEC);
}

/*
 * False: there is nobody any more, or the group cannot be read. One error may be about one file:
 * the kernel has denied that one then.
 */
static bool answer_next(struct janus__overdue *overdue, bool wide)
{
	struct janus__kernel_event event = { .fd = -1 };
	int err = read_one(overdue, wide, &event);
	bool deny;

	if (err) {
		overdue->errors += err != -EAGAIN;
		done_with(overdue, -1);
		return err != -EAGAIN && !janus__overdue_is_broken(overdue);
	}
	overdue->errors = 0;
	if (event.fd >= 0) {
		deny = !is_own(overdue, event.pid) &&
		       janus__failure_denies(&overdue->failure, event.fd, event.pid,
					     janus__decode_kind(event.mask));
		count_answer(overdue, &overdue->ledger->unread, deny);
		(void)answer(overdue, wide, event.fd, deny);
	}
	done_with(overdue, event.fd);
	return true;
}

static bool has_queued(const struct janus__overdue *overdue, int group)
{
	uint64_t bytes = 0;

	return group >= 0 && overdue->kernel->queued_bytes(group, &bytes) == 0 && bytes;
}

static bool has_any_queued(const struct janus__overdue *overdue)
{
	return has_queued(overdue, overdue->group_fd) ||
	       has_queued(overdue, overdue->wide_fd);
}

/* The reader has read nothing for a whole deadline, and somebody is there to be read. */
static unsigned int answer_unread(struct janus__overdue *overdue)
{
	uint64_t reads = atomic_load(&overdue->ledger->reads);
	unsigned int answered = 0;

	for (int wide = 1; wide >= 0; wide--) {
		int group = wide ? overdue->wide_fd : overdue->group_fd;

		while (answered < READS_MAX && has_queued(overdue, group) &&
		       atomic_load(&overdue->ledger->reads) == reads &&
		       answer_next(overdue, wide))
			answered++;
	}
	/* Who comes now has not waited yet. */
	if (!has_any_queued(overdue))
		overdue->stalled_ns = 0;
	return answered;
}

/* Whether what is queued has been there, unread, for too long. */
static bool is_stalled(struct janus__overdue *overdue, int64_t now_ns)
{
	uint64_t reads = atomic_load(&overdue->ledger->reads);
	bool moved = reads != overdue->reads;

	overdue->reads = reads;
	if (moved)
		overdue->active_ns = now_ns;
	if (!has_any_queued(overdue)) {
		overdue->stalled_ns = 0;
		return false;
	}
	overdue->active_ns = now_ns;
	if (moved || !overdue->stalled_ns)
		overdue->stalled_ns = now_ns;
	return now_ns - overdue->stalled_ns >= atomic_load(&overdue->ledger->deadline_ns);
}

unsigned int janus__overdue_look(struct janus__overdue *overdue, int64_t now_ns)
{
	unsigned int answered;
	uint64_t wakes;

	(void)overdue->kernel->read(overdue->wake_fd, &wakes, sizeof(wakes));
	answered = answer_late(overdue, now_ns);

	if (is_stalled(overdue, now_ns))
		answered += answer_unread(overdue);
	return answered;
}

bool janus__overdue_is_broken(const struct janus__overdue *overdue)
{
	return overdue->errors >= READ_ERRORS_MAX;
}

/* Whoever is being held has been read a while ago. */
static bool has_waiting(const struct janus__overdue *overdue)
{
	for (uint32_t i = 0; i < JANUS__SLOTS; i++)
		if (janus__slot_state(&overdue->ledger->slots[i]) <= JANUS__SLOT_TAKEN &&
		    janus__ledger_fd(overdue->ledger, i) >= 0)
			return true;
	return false;
}

bool janus__overdue_may_sleep(struct janus__overdue *overdue, int64_t now_ns)
{
	struct janus__ledger *ledger = overdue->ledger;
	bool idle = now_ns - overdue->active_ns >= JANUS__OVERDUE_IDLE_NS;

	/* Asked for first, and looked at then: who reads after that look wakes us. */
	if (idle)
		atomic_store(&ledger->asleep, true);
	if (idle && atomic_load(&ledger->reads) == overdue->reads &&
	    !has_waiting(overdue))
		return true;
	atomic_store(&ledger->asleep, false);
	return false;
}

void janus__overdue_wake(struct janus__ledger *ledger, const struct janus__kernel *kernel,
			 int wake_fd)
{
	const uint64_t one = 1;

	if (atomic_load(&ledger->asleep) && atomic_exchange(&ledger->asleep, false))
		(void)kernel->write(wake_fd, &one, sizeof(one));
}

unsigned int janus__overdue_abandon(struct janus__overdue *overdue)
{
	struct janus__ledger *ledger = overdue->ledger;
	unsigned int answered = 0;

	for (uint32_t i = 0; i < JANUS__SLOTS; i++) {
		struct janus__slot *slot = &ledger->slots[i];
		unsigned int state = janus__slot_state(slot);
		int fd = janus__ledger_fd(ledger, i);
		bool deny;

		if (fd < 0 || state == JANUS__SLOT_DONE || state == JANUS__SLOT_ALLOWED ||
		    state == JANUS__SLOT_DENIED)
			continue;
		deny = denies(overdue, i);
		if (!answer(overdue, atomic_load(&slot->wide), fd, deny))
			continue;
		count_answer(overdue, &ledger->abandoned, deny);
		answered++;
	}
	janus__ledger_clear(ledger);
	overdue->stalled_ns = 0;
	return answered;
}
