// SPDX-License-Identifier: MIT
/*
 * Owns the order in which a slot's parts are written: whoever looks at any moment sees either
 * nobody or somebody who waits.
 */
#include "ledger.h"

#include <string.h>

/* Nobody must be seen to wait in it with an fd that is not there any more: that goes first. */
void janus__slot_free(struct janus__slot *slot)
{
	atomic_store(&slot->fd, -1);
	atomic_store(&slot->ticket, 0);
	atomic_store(&slot->verdict, 0);
	atomic_store(&slot->state, JANUS__SLOT_OPEN);
}

static bool is_wide(uint32_t slot)
{
	return slot >= JANUS__BATCH_EVENTS;
}

void janus__ledger_clear(struct janus__ledger *ledger)
{
	for (uint32_t i = 0; i < 2; i++)
		memset(ledger->batches[i].events, 0xff,
		       sizeof(ledger->batches[i].events));
	for (uint32_t i = 0; i < JANUS__SLOTS; i++) {
		janus__slot_free(&ledger->slots[i]);
		atomic_store(&ledger->slots[i].wide, is_wide(i));
	}
	atomic_store(&ledger->reader_pid, 0);
}

void janus__ledger_init(struct janus__ledger *ledger)
{
	ledger->magic = JANUS__LEDGER_MAGIC;
	ledger->version = JANUS__LEDGER_VERSION;
	atomic_store(&ledger->deadline_ns, JANUS__DEADLINE_DEFAULT_NS);
	janus__ledger_clear(ledger);
}

/*
 * The kernel writes an event here while its reader is in read(2): no lock could order that, and
 * none needs to, for an fd is one aligned word, negative until it is there.
 */
__attribute__((no_sanitize_thread)) static int
event_fd(const struct fanotify_event_metadata *event)
{
	return *(const volatile int *)&event->fd;
}

__attribute__((no_sanitize_thread)) static void
forget_event(struct fanotify_event_metadata *event)
{
	*(volatile int *)&event->fd = -1;
}

/* Nobody must be seen to wait in a slot but with an fd of this batch: the fds go first. */
struct janus__batch_read *janus__ledger_begin(struct janus__ledger *ledger, bool wide,
					      int64_t now_ns)
{
	struct janus__batch_read *batch = &ledger->batches[wide];
	uint32_t used = atomic_load_explicit(&batch->used, memory_order_relaxed);

	for (uint32_t i = 0; i < used; i++)
		forget_event(&batch->events[i]);
	atomic_store_explicit(&batch->since_ns, now_ns, memory_order_relaxed);
	for (uint32_t i = 0; i < used; i++) {
		struct janus__slot *slot = janus__ledger_slot(ledger, wide, i);

		atomic_store_explicit(&slot->verdict, 0, memory_order_relaxed);
		atomic_store_explicit(&slot->state, JANUS__SLOT_OPEN,
				      memory_order_release);
	}
	atomic_store_explicit(&batch->used, 0, memory_order_relaxed);
	return batch;
}

int janus__ledger_fd(const struct janus__ledger *ledger, uint32_t slot)
{
	if (slot >= JANUS__HELD_FIRST)
		return atomic_load(&ledger->slots[slot].fd);
	return event_fd(
		&ledger->batches[is_wide(slot)].events[slot % JANUS__BATCH_EVENTS]);
}

/* Written before the fd is. */
__attribute__((no_sanitize_thread)) int32_t
janus__ledger_pid(const struct janus__ledger *ledger, uint32_t slot)
{
	return slot >= JANUS__HELD_FIRST ? 0
					 : ledger->batches[is_wide(slot)]
						   .events[slot % JANUS__BATCH_EVENTS]
						   .pid;
}

int64_t janus__ledger_since_ns(const struct janus__ledger *ledger, uint32_t slot)
{
	return atomic_load(slot >= JANUS__HELD_FIRST
				   ? &ledger->slots[slot].since_ns
				   : &ledger->batches[is_wide(slot)].since_ns);
}

bool janus__ledger_denies(const struct janus__ledger *ledger,
			  const struct janus__slot *slot)
{
	unsigned int verdict = atomic_load(&slot->verdict);

	return verdict ? verdict == JANUS_VERDICT_DENY
		       : janus__strict_any(&ledger->strict);
}

struct janus__slot *janus__ledger_keep(struct janus__ledger *ledger,
				       struct janus__slot *slot, int fd)
{
	struct janus__slot *kept = NULL;

	for (uint32_t i = JANUS__HELD_FIRST; i < JANUS__SLOTS && !kept; i++)
		if (atomic_load(&ledger->slots[i].fd) < 0)
			kept = &ledger->slots[i];
	if (!kept)
		return NULL;
	atomic_store(&kept->since_ns,
		     janus__ledger_since_ns(ledger, (uint32_t)(slot - ledger->slots)));
	atomic_store(&kept->verdict, atomic_load(&slot->verdict));
	atomic_store(&kept->wide, atomic_load(&slot->wide));
	atomic_store(&kept->fd, fd);
	if (janus__slot_take(slot, JANUS__SLOT_TAKEN)) {
		atomic_store(&slot->state, JANUS__SLOT_DONE);
		return kept;
	}
	janus__slot_free(kept);
	return NULL;
}
