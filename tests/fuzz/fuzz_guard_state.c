// SPDX-License-Identifier: MIT
/*
 * The state that outlives the worker, under any order of changes, with any bytes of it
 * overwritten and cut off: what is put afterwards comes back, also for the next worker, in the
 * order of the numbers; what was tampered with is lost or something else, never a crash.
 */
#include "guard_state.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define IDS 8
#define VALUES_MAX 1024 /* more than a begin and eight bytes a change can make */
#define BYTES_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of janusd/log.h, which libjanus has one of as well. */
void log_error(const char *format, ...);

struct input {
	const uint8_t *at;
	size_t left;
};

struct value {
	uint64_t id;
	uint64_t sum;
};

/* What has to be there, by rising id. */
struct model {
	struct value values[VALUES_MAX + 1];
	size_t count;
};

struct machine {
	int fd;
	struct guard_state *state;
	struct model model;
	struct model seen;
	uint64_t
		remove_in_turn; /* what the callback removes when it meets it; 0: nothing */
};

static void check(bool condition)
{
	if (!condition)
		abort();
}

/* In place of janusd's: what is told of spoilt states is expected here. */
void log_error(const char *format, ...)
{
	check(format != NULL);
}

static uint8_t take(struct input *input)
{
	if (!input->left)
		return 0;
	input->left--;
	return *input->at++;
}

static uint32_t take_number(struct input *input)
{
	uint32_t number = take(input);

	number |= (uint32_t)take(input) << 8;
	return number | (uint32_t)take(input) << 16;
}

/* Of long values a part is enough: it is the whole of them that might be somebody else's. */
static uint64_t sum_of(struct wire_bytes value)
{
	uint64_t sum = value.size;
	size_t pace = value.size / 512 + 1;

	for (size_t i = 0; i < value.size; i += pace)
		sum = sum * UINT64_C(1099511628211) + value.data[i];
	return sum;
}

static void model_remove(struct model *model, uint64_t id)
{
	size_t kept = 0;

	for (size_t i = 0; i < model->count; i++)
		if (model->values[i].id != id)
			model->values[kept++] = model->values[i];
	model->count = kept;
}

static void model_put(struct model *model, struct value value)
{
	size_t at;

	model_remove(model, value.id);
	at = model->count++;
	for (; at && model->values[at - 1].id > value.id; at--)
		model->values[at] = model->values[at - 1];
	model->values[at] = value;
}

static void see(void *userdata, uint64_t id, struct wire_bytes value)
{
	struct machine *machine = userdata;
	struct model *seen = &machine->seen;

	check(id > 0 && id <= GUARD_STATE_ID_MAX && value.size <= GUARD_STATE_VALUE_MAX);
	check(!seen->count || seen->values[seen->count - 1].id < id);
	check(seen->count < VALUES_MAX);
	seen->values[seen->count++] = (struct value){ id, sum_of(value) };
	if (id == machine->remove_in_turn)
		check(guard_state_remove(machine->state, id) == 0);
}

static void look(struct machine *machine)
{
	machine->seen.count = 0;
	guard_state_each(machine->state, see, machine);
}

static void compare(struct machine *machine)
{
	look(machine);
	check(machine->seen.count == machine->model.count);
	check(guard_state_count(machine->state) == machine->model.count);
	check(memcmp(machine->seen.values, machine->model.values,
		     machine->model.count * sizeof(machine->model.values[0])) == 0);
}

static void next_worker(struct machine *machine)
{
	guard_state_close(machine->state);
	machine->state = NULL;
	check(guard_state_open(&machine->state, machine->fd) == 0);
}

/* After the file was tampered with: from here on, what is there now has to stay. */
static void take_as_it_is(struct machine *machine)
{
	next_worker(machine);
	look(machine);
	machine->model = machine->seen;
}

static void put(struct machine *machine, struct input *input)
{
	static uint8_t bytes[BYTES_MAX * 64];
	uint64_t id = take(input) % IDS + 1;
	uint32_t number = take_number(input);
	struct wire_bytes value = { bytes, number % BYTES_MAX };

	if (number >> 20 == 0xf) /* long ones fill the log, which is written anew */
		value.size *= 64;
	memset(bytes, (int)number, value.size);
	check(guard_state_put(machine->state, id, value) == 0);
	model_put(&machine->model, (struct value){ id, sum_of(value) });
}

static void drop(struct machine *machine, uint64_t id)
{
	check(guard_state_remove(machine->state, id) == 0);
	model_remove(&machine->model, id);
}

static void drop_in_turn(struct machine *machine, uint64_t id)
{
	machine->remove_in_turn = id;
	look(machine);
	machine->remove_in_turn = 0;
	model_remove(&machine->model, id);
}

static uint64_t file_size(const struct machine *machine)
{
	struct stat status;

	check(fstat(machine->fd, &status) == 0);
	return (uint64_t)status.st_size;
}

static void overwrite(struct machine *machine, struct input *input)
{
	uint64_t offset = take_number(input) % file_size(machine);
	uint8_t bytes[16];
	size_t size = take(input) % sizeof(bytes) + 1;

	for (size_t i = 0; i < size; i++)
		bytes[i] = take(input);
	check(pwrite(machine->fd, bytes, size, (off_t)offset) == (ssize_t)size);
	take_as_it_is(machine);
}

static void cut(struct machine *machine, struct input *input)
{
	uint64_t size = take_number(input) % (file_size(machine) + 1);

	check(ftruncate(machine->fd, (off_t)size) == 0);
	take_as_it_is(machine);
}

static void step(struct machine *machine, struct input *input)
{
	switch (take(input) % 7) {
	case 0:
	case 1:
		put(machine, input);
		break;
	case 2:
		drop(machine, take(input) % IDS + 1);
		break;
	case 3:
		drop_in_turn(machine, take(input) % IDS + 1);
		break;
	case 4:
		next_worker(machine);
		break;
	case 5:
		overwrite(machine, input);
		break;
	default:
		cut(machine, input);
	}
}

/* The file as the input has it, from its first byte on. */
static void begin_with(struct machine *machine, struct input *input)
{
	size_t size = take_number(input) % 8192;

	if (size > input->left)
		size = input->left;
	check(pwrite(machine->fd, input->at, size, 0) == (ssize_t)size);
	input->at += size;
	input->left -= size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct machine machine = { .fd = memfd_create("fuzz", MFD_CLOEXEC) };

	check(machine.fd >= 0);
	if (take(&input) % 2)
		begin_with(&machine, &input);
	take_as_it_is(&machine);
	while (input.left)
		step(&machine, &input);
	compare(&machine);
	next_worker(&machine);
	compare(&machine);
	guard_state_close(machine.state);
	close(machine.fd);
	return 0;
}
