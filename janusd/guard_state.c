// SPDX-License-Identifier: MIT
/*
 * A log of records, and a page before it that says from where to where it is valid. A record
 * is written behind the end first, the new end after it: into the older one of two slots, with
 * a sum, so that there is a valid one at every moment. Compacting is the same: what is of use is
 * written once more behind the end, and one slot moves both start and end. The file only grows
 * at its end; what lies before the start is given back to the kernel.
 */
#include "guard_state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "log.h"
#include "util.h"

#define MAGIC UINT64_C(0x32657461745364a1)
#define LOG_START UINT64_C(4096)
#define ALIGNMENT UINT64_C(8)
#define COPY_BYTES ((size_t)64 << 10)
#define COPY_TRIES 16

enum record_kind {
	RECORD_PUT = 1,
	RECORD_REMOVE = 2,
};

struct record {
	uint32_t kind;
	uint32_t size; /* of the value behind it, without what aligns the next record */
	uint64_t id;
};

struct slot {
	uint64_t sequence; /* the highest one counts */
	uint64_t start;
	uint64_t end;
	uint64_t sum;
};

struct head {
	uint64_t magic;
	struct slot slots[2];
};

/* A value that counts. */
struct entry {
	uint64_t id;
	uint64_t offset; /* of the record */
	uint32_t size;   /* of the value */
};

struct guard_state {
	int fd;
	struct slot slot;      /* what is valid */
	struct entry *entries; /* by rising id */
	size_t count;
	size_t room;
	uint64_t live; /* bytes of the log that the entries take */
};

static uint64_t sum_of(const struct slot *slot)
{
	return MAGIC ^ (slot->sequence * UINT64_C(0x9e3779b97f4a7c15)) ^
	       (slot->start * UINT64_C(0xc2b2ae3d27d4eb4f)) ^
	       (slot->end * UINT64_C(0x165667b19e3779f9));
}

static uint64_t record_bytes(uint32_t size)
{
	return sizeof(struct record) + ((size + ALIGNMENT - 1) & ~(ALIGNMENT - 1));
}

static int read_all(int fd, void *buf, size_t size, uint64_t offset)
{
	ssize_t length = pread(fd, buf, size, (off_t)offset);

	if (length < 0)
		return -errno;
	return (size_t)length == size ? 0 : -EBADMSG;
}

/* What reads it comes after this process has ended: no order needs to be forced. */
static int commit(struct guard_state *state, uint64_t start, uint64_t end)
{
	struct slot slot = { state->slot.sequence + 1, start, end, 0 };
	off_t offset = (off_t)(offsetof(struct head, slots) +
			       (slot.sequence & 1) * sizeof(struct slot));
	ssize_t length;

	slot.sum = sum_of(&slot);
	length = pwrite(state->fd, &slot, sizeof(slot), offset);
	if (length != sizeof(slot))
		return length < 0 ? -errno : -EIO;
	state->slot = slot;
	return 0;
}

/* Behind everything that is valid: nobody sees it before commit(). */
static int write_record(const struct guard_state *state, const struct record *record,
			const void *value, uint64_t offset)
{
	static const uint8_t zeros[ALIGNMENT];
	uint64_t size = record_bytes(record->size);
	const struct iovec parts[] = {
		{ (void *)(uintptr_t)record, sizeof(*record) },
		{ (void *)(uintptr_t)value, record->size },
		{ (void *)(uintptr_t)zeros, size - sizeof(*record) - record->size },
	};
	ssize_t length = pwritev(state->fd, parts, (int)ARRAY_COUNT(parts),
				 (off_t)offset);

	if (length < 0)
		return -errno;
	return (uint64_t)length == size ? 0 : -ENOSPC;
}

/* The first position whose id is @id or more. */
static size_t find(const struct guard_state *state, uint64_t id)
{
	size_t low = 0, high = state->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (state->entries[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct guard_state *state, size_t position, uint64_t id)
{
	return position < state->count && state->entries[position].id == id;
}

static int make_room(struct guard_state *state)
{
	size_t room = state->room ? state->room * 2 : 64;
	struct entry *entries;

	if (state->count < state->room)
		return 0;
	entries = realloc(state->entries, room * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	state->entries = entries;
	state->room = room;
	return 0;
}

/* There is room. */
static void index_put(struct guard_state *state, struct entry entry)
{
	size_t position = find(state, entry.id);
	struct entry *place = &state->entries[position];

	if (is_at(state, position, entry.id)) {
		state->live -= record_bytes(place->size);
	} else {
		memmove(place + 1, place, (state->count - position) * sizeof(*place));
		state->count++;
	}
	*place = entry;
	state->live += record_bytes(entry.size);
}

static void index_remove(struct guard_state *state, uint64_t id)
{
	size_t position = find(state, id);
	struct entry *place;

	if (!is_at(state, position, id))
		return;
	place = &state->entries[position];
	state->live -= record_bytes(place->size);
	state->count--;
	memmove(place, place + 1, (state->count - position) * sizeof(*place));
}

static int index_record(struct guard_state *state, const struct record *record,
			uint64_t offset)
{
	if (!record->id || record->id > GUARD_STATE_ID_MAX || record->kind < RECORD_PUT ||
	    record->kind > RECORD_REMOVE) {
		log_error("the state of the guards: the record at %" PRIu64
			  " is none and is left out",
			  offset);
		return 0;
	}
	if (record->kind == RECORD_REMOVE) {
		index_remove(state, record->id);
		return 0;
	}
	if (make_room(state))
		return -ENOMEM;
	index_put(state, (struct entry){ record->id, offset, record->size });
	return 0;
}

/* Behind a length that cannot be, nothing can be found any more. */
static int read_log(struct guard_state *state)
{
	uint64_t offset = state->slot.start;

	while (offset < state->slot.end) {
		uint64_t left = state->slot.end - offset;
		struct record record = { 0 };
		int error = 0;

		if (left < sizeof(record) ||
		    read_all(state->fd, &record, sizeof(record), offset) ||
		    record.size > GUARD_STATE_VALUE_MAX ||
		    record_bytes(record.size) > left)
			error = -EBADMSG;
		if (error) {
			log_error("the state of the guards: the record at %" PRIu64
				  " has a wrong length; what stands behind it is lost",
				  offset);
			return commit(state, state->slot.start, offset);
		}
		error = index_record(state, &record, offset);
		if (error)
			return error;
		offset += record_bytes(record.size);
	}
	return 0;
}

static bool is_valid(const struct slot *slot, uint64_t file_size)
{
	return slot->sequence && slot->sum == sum_of(slot) && slot->start >= LOG_START &&
	       slot->start <= slot->end && slot->end <= file_size &&
	       !(slot->start % ALIGNMENT) && !(slot->end % ALIGNMENT);
}

static int start_anew(struct guard_state *state)
{
	const uint64_t magic = MAGIC;

	if (ftruncate(state->fd, 0) || ftruncate(state->fd, (off_t)LOG_START))
		return -errno;
	if (pwrite(state->fd, &magic, sizeof(magic), 0) != sizeof(magic))
		return errno ? -errno : -EIO;
	state->slot = (struct slot){ 0 };
	return commit(state, LOG_START, LOG_START);
}

/* Return: the slot that counts, 0, or -EBADMSG: there is none. */
static int find_slot(int fd, struct slot *ret)
{
	struct head head = { 0 };
	struct stat status;
	const struct slot *best = NULL;

	/* In this order: meanwhile it may grow, and never becomes shorter. */
	if (read_all(fd, &head, sizeof(head), 0) || head.magic != MAGIC)
		return -EBADMSG;
	if (fstat(fd, &status))
		return -errno;
	for (size_t i = 0; i < ARRAY_COUNT(head.slots); i++)
		if (is_valid(&head.slots[i], (uint64_t)status.st_size) &&
		    (!best || head.slots[i].sequence > best->sequence))
			best = &head.slots[i];
	if (!best)
		return -EBADMSG;
	*ret = *best;
	return 0;
}

static int read_state(struct guard_state *state)
{
	struct stat status;
	int error;

	if (fstat(state->fd, &status))
		return -errno;
	if (!status.st_size)
		return start_anew(state);
	error = find_slot(state->fd, &state->slot);
	if (!error)
		return read_log(state);
	if (error != -EBADMSG)
		return error;
	log_error("the state of the guards cannot be read: all of them are lost");
	return start_anew(state);
}

int guard_state_open(struct guard_state **ret, int fd)
{
	struct guard_state *state = calloc(1, sizeof(*state));
	int error;

	if (!state)
		return -ENOMEM;
	state->fd = fd;
	error = read_state(state);
	if (error) {
		guard_state_close(state);
		return error;
	}
	*ret = state;
	return 0;
}

void guard_state_close(struct guard_state *state)
{
	if (!state)
		return;
	free(state->entries);
	free(state);
}

/* Return: the value, freed by the caller; NULL: no memory, or it cannot be read. */
static uint8_t *read_value(const struct guard_state *state, const struct entry *entry)
{
	uint8_t *value = malloc((size_t)entry->size + 1);

	if (value && read_all(state->fd, value, entry->size,
			      entry->offset + sizeof(struct record))) {
		free(value);
		return NULL;
	}
	return value;
}

static int copy_values(const struct guard_state *state, uint64_t *offset)
{
	for (size_t i = 0; i < state->count; i++) {
		const struct entry *entry = &state->entries[i];
		const struct record record = { RECORD_PUT, entry->size, entry->id };
		autofree uint8_t *value = read_value(state, entry);
		int error;

		if (!value)
			return -ENOMEM;
		error = write_record(state, &record, value, *offset);
		if (error)
			return error;
		*offset += record_bytes(entry->size);
	}
	return 0;
}

/* It may fail: the old log is as good, only longer. */
static void compact(struct guard_state *state)
{
	uint64_t length = state->slot.end - state->slot.start;
	/* A whole page, so that all before it can be given back. */
	uint64_t start = (state->slot.end + LOG_START - 1) & ~(LOG_START - 1);
	uint64_t end = start;

	if (length <= GUARD_STATE_COMPACT_BYTES || state->live > length / 2)
		return;
	if (copy_values(state, &end) || commit(state, start, end))
		return;
	for (size_t i = 0; i < state->count; i++) {
		state->entries[i].offset = start;
		start += record_bytes(state->entries[i].size);
	}
	(void)!fallocate(state->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 (off_t)LOG_START, (off_t)(state->slot.start - LOG_START));
}

static int append(struct guard_state *state, const struct record *record,
		  const void *value)
{
	int error = write_record(state, record, value, state->slot.end);

	if (error)
		return error;
	return commit(state, state->slot.start,
		      state->slot.end + record_bytes(record->size));
}

int guard_state_put(struct guard_state *state, uint64_t id, struct wire_bytes value)
{
	struct record record = { RECORD_PUT, (uint32_t)value.size, id };
	uint64_t offset = state->slot.end;
	int error;

	if (!id || id > GUARD_STATE_ID_MAX || value.size > GUARD_STATE_VALUE_MAX)
		return -EINVAL;
	if (make_room(state))
		return -ENOMEM;
	error = append(state, &record, value.data);
	if (error)
		return error;
	index_put(state, (struct entry){ id, offset, record.size });
	compact(state);
	return 0;
}

int guard_state_remove(struct guard_state *state, uint64_t id)
{
	struct record record = { RECORD_REMOVE, 0, id };
	int error;

	if (!is_at(state, find(state, id), id))
		return 0;
	error = append(state, &record, NULL);
	if (error)
		return error;
	index_remove(state, id);
	compact(state);
	return 0;
}

size_t guard_state_count(const struct guard_state *state)
{
	return state->count;
}

uint64_t guard_state_version(const struct guard_state *state)
{
	return state->slot.sequence;
}

static int copy_log(int from, int to, const struct slot *slot)
{
	autofree uint8_t *buf = malloc(COPY_BYTES);
	uint64_t offset = slot->start;

	if (!buf)
		return -ENOMEM;
	while (offset < slot->end) {
		uint64_t left = slot->end - offset;
		size_t size = left < COPY_BYTES ? (size_t)left : COPY_BYTES;
		int error = read_all(from, buf, size, offset);

		if (error)
			return error;
		if (pwrite(to, buf, size, (off_t)offset) != (ssize_t)size)
			return errno ? -errno : -EIO;
		offset += size;
	}
	return 0;
}

/*
 * The log is only added to, so what one slot says of it is whole, unless its start was given back
 * meanwhile: then there is a slot with another start.
 */
static int try_copy(int from, int to)
{
	struct head head = { .magic = MAGIC };
	struct slot after;
	int error = find_slot(from, &head.slots[0]);

	if (!error)
		error = copy_log(from, to, &head.slots[0]);
	if (!error)
		error = find_slot(from, &after);
	if (error)
		return error == -EBADMSG ? -EAGAIN : error;
	if (after.start != head.slots[0].start)
		return -EAGAIN;
	if (ftruncate(to, (off_t)head.slots[0].end) ||
	    pwrite(to, &head, sizeof(head), 0) != sizeof(head))
		return errno ? -errno : -EIO;
	return 0;
}

int guard_state_copy(int fd)
{
	autoclose int copy = memfd_create("janusd-guards-copy", MFD_CLOEXEC);
	int error = copy < 0 ? -errno : -EAGAIN;

	for (int i = 0; i < COPY_TRIES && error == -EAGAIN; i++)
		error = try_copy(fd, copy);
	return error ? error : util_steal_fd(&copy);
}

void guard_state_each(struct guard_state *state, guard_state_fn *fn, void *userdata)
{
	uint64_t id = 1;
	size_t position;

	while ((position = find(state, id)) < state->count) {
		struct entry entry = state->entries[position];
		autofree uint8_t *value = read_value(state, &entry);

		if (value)
			fn(userdata, entry.id, (struct wire_bytes){ value, entry.size });
		else
			log_error("the state of the guards: guard %" PRIu64
				  " cannot be read",
				  entry.id);
		id = entry.id + 1;
	}
}
