// SPDX-License-Identifier: MIT
#include "state_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guard_image.h"
#include "guard_state.h"
#include "guards_internal.h"
#include "log.h"
#include "state_file.h"
#include "state_load.h"
#include "state_write.h"
#include "text.h"
#include "util.h"

#define NS_PER_SECOND INT64_C(1000000000)
/* From one write to the next: a thousand changes a second are five writes. */
#define PACE_NS (NS_PER_SECOND / 5)
#define AGAIN_NS NS_PER_SECOND

struct state_writer {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t news;  /* for the thread */
	pthread_cond_t ended; /* for whoever destroys it */
	char *path;
	int state_fd;     /* the thread's own */
	uint64_t version; /* the main thread's */
	bool dirty;
	bool ending;
	bool has_ended;
	bool left; /* nobody waits any more, nothing may be logged: the thread frees it */
	/* The thread's: what was told last. */
	const char *failed_step; /* NULL: it was written */
	int failed;
};

/* A snapshot on its way into the file. */
struct gathering {
	struct state_file file;
	size_t room;
	int error;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

/* Return: whether there is still time. */
static bool wait_for(struct state_writer *writer, pthread_cond_t *cond, int64_t end_ns)
{
	const struct timespec end = { end_ns / NS_PER_SECOND, end_ns % NS_PER_SECOND };

	return pthread_cond_timedwait(cond, &writer->mutex, &end) != ETIMEDOUT;
}

static void note_generation(struct gathering *self, uint64_t generation)
{
	if (generation > self->file.generation)
		self->file.generation = generation;
}

static int make_room(struct gathering *self)
{
	size_t room = self->room ? self->room * 2 : 64;
	struct state_file_entry *entries;

	if (self->file.count < self->room)
		return 0;
	entries = realloc(self->file.entries, room * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	self->file.entries = entries;
	self->room = room;
	return 0;
}

static int add(struct gathering *self, uint64_t id, struct wire_bytes value)
{
	uint8_t *copy;

	if (make_room(self))
		return -ENOMEM;
	copy = malloc(value.size + 1);
	if (!copy)
		return -ENOMEM;
	if (value.size)
		memcpy(copy, value.data, value.size);
	self->file.entries[self->file.count++] =
		(struct state_file_entry){ .id = id, .image = { copy, value.size } };
	return 0;
}

/* Guards of files come back from their files. */
static int gather_image(struct gathering *self, uint64_t id, struct wire_bytes value)
{
	struct guard_image image = { 0 };
	int error = guard_image_unpack(&image, value);

	/* One that no worker could bring back either. */
	if (error == -EBADMSG)
		return 0;
	if (error)
		return error;
	note_generation(self, image.generation);
	if (*image.source && *image.source != '/')
		error = add(self, id, value);
	guard_image_done(&image);
	return error;
}

static void gather(void *userdata, uint64_t id, struct wire_bytes value)
{
	struct gathering *self = userdata;
	uint64_t generation = 0;

	if (self->error)
		return;
	if (id != GUARDS_GENERATION_ID) {
		self->error = gather_image(self, id, value);
	} else if (value.size == sizeof(generation)) {
		memcpy(&generation, value.data, sizeof(generation));
		note_generation(self, generation);
	}
}

static void gathering_done(struct gathering *self)
{
	for (size_t i = 0; i < self->file.count; i++)
		free((void *)(uintptr_t)self->file.entries[i].image.data);
	state_file_done(&self->file);
}

static int gather_all(struct gathering *self, int state_fd)
{
	autoclose int copy = guard_state_copy(state_fd);
	struct guard_state *state = NULL;
	int error;

	if (copy < 0)
		return copy;
	error = guard_state_open(&state, copy);
	if (error)
		return error;
	state_boot(self->file.boot);
	guard_state_each(state, gather, self);
	guard_state_close(state);
	return self->error;
}

/* Return: 0, or a negative errno with what could not be done in @step. */
static int write_once(const struct state_writer *writer, const char **step)
{
	struct gathering self = { 0 };
	struct wire_bytes bytes = { 0 };
	int error = gather_all(&self, writer->state_fd);

	*step = "made of the guards that there are";
	if (!error)
		error = state_file_encode(&self.file, &bytes);
	gathering_done(&self);
	if (error)
		return error;
	error = state_write(writer->path, bytes, step);
	free((void *)(uintptr_t)bytes.data);
	return error;
}

/* With the mutex: nobody leaves the thread meanwhile. */
static void tell(struct state_writer *writer, int error, const char *step)
{
	struct text_quote path;

	if (writer->left)
		return;
	if (!error && writer->failed_step)
		log_notice("state file: '%s' is written again",
			   text_quote(&path, writer->path));
	else if (error && (error != writer->failed || step != writer->failed_step))
		log_error("state file: '%s' cannot be %s: %s; guards are in force all"
			  " the same, but a restart would bring back those that were"
			  " written before; it is tried again",
			  text_quote(&path, writer->path), step, strerror(-error));
	writer->failed_step = error ? step : NULL;
	writer->failed = error;
}

/* Return: false: there is nothing to write any more. */
static bool wait_for_news(struct state_writer *writer, int64_t not_before_ns)
{
	while (!writer->dirty && !writer->ending)
		pthread_cond_wait(&writer->news, &writer->mutex);
	/* So that what comes at once goes at once. */
	while (!writer->ending && wait_for(writer, &writer->news, not_before_ns))
		;
	return writer->dirty;
}

static void free_writer(struct state_writer *writer)
{
	pthread_cond_destroy(&writer->news);
	pthread_cond_destroy(&writer->ended);
	pthread_mutex_destroy(&writer->mutex);
	util_close(&writer->state_fd);
	free(writer->path);
	free(writer);
}

/* The last try is the one that begins after it was told to end. */
static void *run(void *argument)
{
	struct state_writer *writer = argument;
	int64_t not_before_ns = 0;
	bool left;

	pthread_mutex_lock(&writer->mutex);
	while (wait_for_news(writer, not_before_ns)) {
		const bool last = writer->ending;
		const char *step;
		int error;

		writer->dirty = false;
		not_before_ns = now_ns() + PACE_NS;
		pthread_mutex_unlock(&writer->mutex);
		error = write_once(writer, &step);
		pthread_mutex_lock(&writer->mutex);
		tell(writer, error, step);
		if (error && last)
			break;
		if (error) {
			writer->dirty = true;
			not_before_ns = now_ns() + AGAIN_NS;
		}
	}
	writer->has_ended = true;
	pthread_cond_signal(&writer->ended);
	left = writer->left;
	pthread_mutex_unlock(&writer->mutex);
	if (left)
		free_writer(writer);
	return NULL;
}

static void init_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attributes);
	pthread_condattr_destroy(&attributes);
}

int state_writer_create(struct state_writer **ret, const char *path, int state_fd)
{
	struct state_writer *writer = calloc(1, sizeof(*writer));
	int error = 0;

	if (!writer)
		return -ENOMEM;
	pthread_mutex_init(&writer->mutex, NULL);
	init_cond(&writer->news);
	init_cond(&writer->ended);
	writer->path = strdup(path);
	/* A thread that is left alone may come back to it when it is closed elsewhere. */
	writer->state_fd = fcntl(state_fd, F_DUPFD_CLOEXEC, 0);
	if (!writer->path)
		error = -ENOMEM;
	else if (writer->state_fd < 0)
		error = -errno;
	else
		error = -pthread_create(&writer->thread, NULL, run, writer);
	if (error) {
		free_writer(writer);
		return error;
	}
	*ret = writer;
	return 0;
}

void state_writer_note(struct state_writer *writer, uint64_t version)
{
	if (!writer || writer->version == version)
		return;
	writer->version = version;
	pthread_mutex_lock(&writer->mutex);
	writer->dirty = true;
	pthread_cond_signal(&writer->news);
	pthread_mutex_unlock(&writer->mutex);
}

void state_writer_destroy(struct state_writer *writer, int64_t wait_ns)
{
	const int64_t end_ns = now_ns() + wait_ns;
	struct text_quote path;
	pthread_t thread;
	bool ended;

	if (!writer)
		return;
	thread = writer->thread;
	pthread_mutex_lock(&writer->mutex);
	writer->ending = true;
	pthread_cond_signal(&writer->news);
	while (!writer->has_ended && wait_for(writer, &writer->ended, end_ns))
		;
	ended = writer->has_ended;
	if (!ended) {
		log_error("state file: '%s' is not written yet, and janusd ends: a"
			  " restart may bring back what it had before",
			  text_quote(&path, writer->path));
		writer->left = true;
	}
	pthread_mutex_unlock(&writer->mutex);
	if (!ended) {
		pthread_detach(thread);
		return;
	}
	pthread_join(thread, NULL);
	free_writer(writer);
}
