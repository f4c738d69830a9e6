/* SPDX-License-Identifier: MIT */
/*
 * The ledger: who waits for an answer, and what he gets if none comes. It lies in memory that
 * the keeper shares with the worker, so that whoever is left can answer when the other one is
 * stuck or dead. The reader of the groups writes it; each opener is answered by whoever takes
 * his slot first.
 */
#ifndef JANUS_LEDGER_H
#define JANUS_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <janus/types.h>

#include "kernel.h"
#include "strict.h"

/* Each event that is read takes an fd: a batch must not take them all. */
#define JANUS__BATCH_EVENTS 32u

/* Who waits until all watches are there; more than that are answered by what failure means. */
#define JANUS__HELD_MAX 1024u

#define JANUS__LEDGER_MAGIC UINT64_C(0x6a616e75736b6570)
#define JANUS__LEDGER_VERSION 1u

#define JANUS__DEADLINE_DEFAULT_NS 500000000

/*
 * An answer is matched by the fd's number, so nobody may use the number again before it was
 * written: the reader keeps the fd open until then, whoever answers.
 */
enum janus__slot_state {
	JANUS__SLOT_OPEN,     /* if it has an fd, somebody waits */
	JANUS__SLOT_TAKEN,    /* the reader is about to answer */
	JANUS__SLOT_DONE,     /* and has */
	JANUS__SLOT_ALLOWING, /* somebody else is about to answer for the reader */
	JANUS__SLOT_DENYING,
	JANUS__SLOT_ALLOWED, /* and has */
	JANUS__SLOT_DENIED,
};

struct janus__slot {
	atomic_int_least64_t since_ns; /* of one that is held: when it was read */
	atomic_int fd;                 /* of one that is held */
	atomic_uint state;             /* enum janus__slot_state */
	atomic_uint verdict; /* what failure means for it; 0: the strictest there is */
	atomic_bool wide;    /* the wide group asks */
	atomic_uint_least64_t
		ticket; /* of one that the program decides about; see asking.h */
};

/* Of each group. */
struct janus__batch_read {
	atomic_int_least64_t since_ns; /* CLOCK_MONOTONIC */
	atomic_uint used;              /* slots that may not be as new */
	/* As the kernel writes it: even if read(2) was the reader's last deed. */
	struct fanotify_event_metadata events[JANUS__BATCH_EVENTS];
};

/* The slots of the inode group's batch, those of the wide group's, and of who is held. */
#define JANUS__HELD_FIRST (2 * JANUS__BATCH_EVENTS)
#define JANUS__SLOTS (JANUS__HELD_FIRST + JANUS__HELD_MAX)

struct janus__ledger {
	uint64_t magic;
	uint32_t version;
	uint32_t flags; /* of the keep */
	uint64_t features;
	atomic_int_least64_t deadline_ns;
	atomic_int keeper_pid;       /* 0: there is none */
	atomic_int reader_pid;       /* whose context reads the groups; 0: nobody's */
	atomic_uint_least64_t reads; /* grows whenever the reader has looked for more */
	atomic_bool asleep;          /* who looks after the reader wants to be woken */

	/* Answered for the reader. */
	atomic_uint_least64_t late;
	atomic_uint_least64_t unread;
	atomic_uint_least64_t abandoned;
	atomic_uint_least64_t denied; /* of all three */
	atomic_uint_least64_t workers;

	struct janus__batch_read batches[2];
	struct janus__slot slots[JANUS__SLOTS];
	struct janus__strict strict;
};

void janus__ledger_init(struct janus__ledger *ledger);

/* Reader: the batch of a group is empty, and about to be read. */
struct janus__batch_read *janus__ledger_begin(struct janus__ledger *ledger, bool wide,
					      int64_t now_ns);

/* Reader: and was read, with what read(2) has returned. */
static inline void janus__ledger_end(struct janus__ledger *ledger,
				     struct janus__batch_read *batch, ssize_t length)
{
	if (length > 0)
		atomic_store_explicit(
			&batch->used,
			(unsigned int)((size_t)length / sizeof(batch->events[0])),
			memory_order_relaxed);
	atomic_fetch_add(&ledger->reads, 1);
}

/* Reader: the slot of an event of it, the first, the second, ... */
static inline struct janus__slot *janus__ledger_slot(struct janus__ledger *ledger,
						     bool wide, size_t event)
{
	return &ledger->slots[(wide ? JANUS__BATCH_EVENTS : 0) + event];
}

/* Who asks, as the kernel says; 0: not known, for he is held, which is never one of ours. */
int32_t janus__ledger_pid(const struct janus__ledger *ledger, uint32_t slot);

/* When the event was read. */
int64_t janus__ledger_since_ns(const struct janus__ledger *ledger, uint32_t slot);

/* What failure means for the one who waits in it. */
bool janus__ledger_denies(const struct janus__ledger *ledger,
			  const struct janus__slot *slot);

/* The event's fd, answered or not; negative: there is no event. */
int janus__ledger_fd(const struct janus__ledger *ledger, uint32_t slot);

static inline void janus__slot_set_verdict(struct janus__slot *slot, bool deny)
{
	atomic_store_explicit(&slot->verdict,
			      deny ? JANUS_VERDICT_DENY : JANUS_VERDICT_ALLOW,
			      memory_order_relaxed);
}

/* The one who gets true answers. @as: TAKEN for the reader, else ALLOWING or DENYING. */
static inline bool janus__slot_take(struct janus__slot *slot, enum janus__slot_state as)
{
	unsigned int expected = JANUS__SLOT_OPEN;

	return atomic_compare_exchange_strong(&slot->state, &expected, as);
}

static inline unsigned int janus__slot_state(const struct janus__slot *slot)
{
	return atomic_load(&slot->state);
}

/*
 * Reader: let go of the batch's slot, and wait in one that is kept. NULL: there is none free, or
 * it was answered meanwhile.
 */
struct janus__slot *janus__ledger_keep(struct janus__ledger *ledger,
				       struct janus__slot *slot, int fd);

/* Reader: the slot is free for another one. */
void janus__slot_free(struct janus__slot *slot);

/*
 * Nobody reads any more, and all were answered: as new, but for what is counted, and for what
 * failure means until the next reader knows better.
 */
void janus__ledger_clear(struct janus__ledger *ledger);

#endif
