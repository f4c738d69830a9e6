// SPDX-License-Identifier: MIT
#include "sink_queue.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "sink_ring.h"
#include "util.h"

#define NS_PER_MS INT64_C(1000000)
#define TELL_NS (1000 * NS_PER_MS)
#define LOG_NS (10000 * NS_PER_MS)
#define RETRY_NS (SINK_TICK_MS * NS_PER_MS)
#define END_NS (2 * RETRY_NS)
#define BATCH_BYTES ((size_t)64 << 10)
#define NEWS_BYTES ((size_t)4096)

struct sink_queue {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t filled; /* there is something to do */
	pthread_cond_t idle;   /* everything is written, or the thread has ended */
	struct sink_ring ring;
	struct sink_queue_options options;
	char *name;
	char *node;
	struct sink_stats stats;
	struct sink_drops untold;   /* of the drops: not said in the sink */
	struct sink_drops unlogged; /* nor in the log */
	struct text news;
	struct text batch; /* the thread's: what is being written, from batch_start on */
	size_t batch_start;
	int64_t told_ns;
	int64_t logged_ns;
	int last_error;  /* why writing failed last, for those that were lost by it */
	bool was_logged; /* that it fails */
	bool writing;    /* the batch is not empty */
	bool reopening;
	bool stopping;
	bool ended;
	bool abandoned; /* nothing may be logged any more */
};

static int64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int64_t real_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Return: false when the time is over. */
static bool wait_until(struct sink_queue *queue, pthread_cond_t *condition,
		       int64_t end_ns)
{
	struct timespec end = { .tv_sec = (time_t)(end_ns / 1000000000),
				.tv_nsec = (long)(end_ns % 1000000000) };

	return !pthread_cond_timedwait(condition, &queue->mutex, &end);
}

static uint64_t sum(const struct sink_drops *drops)
{
	return drops->queue + drops->rate + drops->error;
}

enum drop_cause { DROP_QUEUE, DROP_RATE, DROP_ERROR };

/* All functions from here on are called with the mutex held, unless they say otherwise. */

static void count_drop(struct sink_queue *queue, enum drop_cause cause, uint64_t count)
{
	struct sink_drops *all[] = { &queue->stats.dropped, &queue->untold,
				     &queue->unlogged };

	for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
		if (cause == DROP_QUEUE)
			all[i]->queue += count;
		else if (cause == DROP_RATE)
			all[i]->rate += count;
		else
			all[i]->error += count;
	}
}

/* Return: whether there is nothing to tell, or now it is told. */
static bool tell_loss(struct sink_queue *queue, int64_t now_ns)
{
	struct record_loss loss = { .drops = queue->untold,
				    .time_ns = 0,
				    .error = queue->last_error,
				    .node = queue->node };

	if (!sum(&queue->untold) || now_ns - queue->told_ns < TELL_NS)
		return true;
	loss.time_ns = real_ns();
	text_clear(&queue->news);
	queue->options.tell(&loss, &queue->news);
	if (queue->news.cut ||
	    !sink_ring_put(&queue->ring, queue->news.data, queue->news.length))
		return false;
	queue->told_ns = now_ns;
	queue->untold = (struct sink_drops){ 0 };
	return true;
}

static void log_loss(struct sink_queue *queue, int64_t now_ns)
{
	struct record_loss loss = { .drops = queue->unlogged,
				    .error = queue->last_error };

	if (queue->abandoned || !sum(&queue->unlogged) ||
	    now_ns - queue->logged_ns < LOG_NS)
		return;
	text_clear(&queue->news);
	record_add_loss(&loss, &queue->news);
	if (!queue->news.cut)
		log_warning("sink %s: %s", queue->name, queue->news.data);
	queue->logged_ns = now_ns;
	queue->unlogged = (struct sink_drops){ 0 };
}

static void note_failure(struct sink_queue *queue, int error)
{
	int64_t now_ns = monotonic_ns();
	bool is_new = !queue->was_logged;

	queue->stats.error = queue->last_error = error;
	if (queue->abandoned || !is_new || now_ns - queue->logged_ns < LOG_NS)
		return;
	queue->was_logged = true;
	queue->logged_ns = now_ns;
	log_warning("sink %s: cannot write: %s; records wait, and are dropped where there"
		    " is no room for them; it is tried again",
		    queue->name, strerror(error));
}

static void note_success(struct sink_queue *queue)
{
	if (queue->was_logged && !queue->abandoned)
		log_info("sink %s: can be written again", queue->name);
	queue->was_logged = false;
	queue->stats.error = 0;
}

static void note_trouble(struct sink_queue *queue, int error)
{
	int64_t now_ns = monotonic_ns();

	if (!error || queue->abandoned || now_ns - queue->logged_ns < LOG_NS)
		return;
	queue->logged_ns = now_ns;
	log_warning("sink %s: cannot rotate: %s; records go on into the same file",
		    queue->name, strerror(error));
}

/* Many items, or one. */
static void fill_batch(struct sink_queue *queue)
{
	size_t length;

	text_clear(&queue->batch);
	queue->batch_start = 0;
	while ((length = sink_ring_next(&queue->ring))) {
		if (queue->batch.length && (!queue->options.ops->takes_many ||
					    queue->batch.length + length > BATCH_BYTES))
			break;
		if (!sink_ring_take(&queue->ring, &queue->batch)) {
			queue->last_error = ENOMEM;
			count_drop(queue, DROP_ERROR, 1);
		}
	}
	queue->writing = queue->batch.length > 0;
}

static uint64_t count_items(const struct sink_queue *queue, size_t length)
{
	const char *at = queue->batch.data + queue->batch_start;
	uint64_t count = 0;

	if (!queue->options.ops->takes_many)
		return 1;
	for (size_t i = 0; i < length; i++)
		count += at[i] == '\n';
	return count;
}

static void take_from_batch(struct sink_queue *queue, size_t length)
{
	queue->batch_start += length;
	queue->writing = queue->batch_start < queue->batch.length;
}

/* The first item of the batch, which no trial will get written. */
static void give_up_first(struct sink_queue *queue)
{
	const char *at = queue->batch.data + queue->batch_start;
	size_t left = queue->batch.length - queue->batch_start;
	const char *end = queue->options.ops->takes_many ? memchr(at, '\n', left) : NULL;

	queue->last_error = EMSGSIZE;
	count_drop(queue, DROP_ERROR, 1);
	take_from_batch(queue, end ? (size_t)(end - at) + 1 : left);
}

static void write_some(struct sink_queue *queue)
{
	const struct sink_writer_ops *ops = queue->options.ops;
	bool reopening = queue->reopening;
	ssize_t written;
	int trouble;

	queue->reopening = false;
	pthread_mutex_unlock(&queue->mutex);
	if (reopening && ops->reopen)
		ops->reopen(queue->options.writer);
	written = ops->write(queue->options.writer,
			     queue->batch.data + queue->batch_start,
			     queue->batch.length - queue->batch_start);
	trouble = ops->trouble ? ops->trouble(queue->options.writer) : 0;
	pthread_mutex_lock(&queue->mutex);
	note_trouble(queue, trouble);
	if (written > 0) {
		note_success(queue);
		queue->stats.written += count_items(queue, (size_t)written);
		take_from_batch(queue, (size_t)written);
	} else if (written == -EMSGSIZE) {
		give_up_first(queue);
	} else if (written < 0) {
		note_failure(queue, (int)-written);
		if (!queue->stopping)
			wait_until(queue, &queue->filled, monotonic_ns() + RETRY_NS);
	}
}

/* A file that nobody writes to is opened again as well: the old one may be in the way. */
static void reopen(struct sink_queue *queue)
{
	queue->reopening = false;
	pthread_mutex_unlock(&queue->mutex);
	if (queue->options.ops->reopen)
		queue->options.ops->reopen(queue->options.writer);
	pthread_mutex_lock(&queue->mutex);
}

static void wait_for_items(struct sink_queue *queue)
{
	if (!sum(&queue->untold) && !sum(&queue->unlogged))
		pthread_cond_wait(&queue->filled, &queue->mutex);
	else
		wait_until(queue, &queue->filled, monotonic_ns() + TELL_NS);
}

static void *run_writer(void *arg)
{
	struct sink_queue *queue = arg;

	pthread_mutex_lock(&queue->mutex);
	while (!queue->stopping) {
		log_loss(queue, monotonic_ns());
		if (!queue->writing)
			fill_batch(queue);
		if (!queue->writing && tell_loss(queue, monotonic_ns()))
			fill_batch(queue);
		if (queue->writing) {
			write_some(queue);
			continue;
		}
		if (queue->reopening) {
			reopen(queue);
			continue;
		}
		pthread_cond_broadcast(&queue->idle);
		wait_for_items(queue);
	}
	pthread_mutex_unlock(&queue->mutex);
	queue->options.ops->destroy(queue->options.writer);
	pthread_mutex_lock(&queue->mutex);
	queue->ended = true;
	pthread_cond_broadcast(&queue->idle);
	pthread_mutex_unlock(&queue->mutex);
	return NULL;
}

/* From here on the mutex is not held by the caller. */

static void init_conditions(struct sink_queue *queue)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->filled, &monotonic);
	pthread_cond_init(&queue->idle, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static void queue_free(struct sink_queue *queue)
{
	pthread_cond_destroy(&queue->idle);
	pthread_cond_destroy(&queue->filled);
	pthread_mutex_destroy(&queue->mutex);
	sink_ring_done(&queue->ring);
	text_done(&queue->news);
	text_done(&queue->batch);
	free(queue->name);
	free(queue->node);
	free(queue);
}

int sink_queue_create(struct sink_queue **ret, const struct sink_queue_options *options)
{
	struct sink_queue *queue = calloc(1, sizeof(*queue));
	int error = ENOMEM;

	if (queue) {
		init_conditions(queue);
		queue->options = *options;
		queue->name = strdup(options->name);
		queue->node = strdup(options->node);
		queue->news.limit = NEWS_BYTES;
		queue->batch.limit = BATCH_BYTES + RECORD_MAX_BYTES;
		queue->told_ns = queue->logged_ns = monotonic_ns() - LOG_NS;
		if (queue->name && queue->node &&
		    !sink_ring_init(&queue->ring, options->room))
			error = pthread_create(&queue->thread, NULL, run_writer, queue);
		if (error)
			queue_free(queue);
	}
	if (error) {
		options->ops->destroy(options->writer);
		return -error;
	}
	*ret = queue;
	return 0;
}

void sink_queue_put(struct sink_queue *queue, const char *bytes, size_t length)
{
	int64_t now_ns = 0;
	bool put;

	pthread_mutex_lock(&queue->mutex);
	if (sum(&queue->untold))
		now_ns = monotonic_ns();
	put = tell_loss(queue, now_ns) && sink_ring_put(&queue->ring, bytes, length);
	if (put)
		queue->stats.accepted++;
	else
		count_drop(queue, queue->stats.error ? DROP_ERROR : DROP_QUEUE, 1);
	if (!queue->stats.error)
		pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&queue->mutex);
}

void sink_queue_drop(struct sink_queue *queue, bool error)
{
	pthread_mutex_lock(&queue->mutex);
	if (error)
		queue->last_error = EMSGSIZE;
	count_drop(queue, error ? DROP_ERROR : DROP_RATE, 1);
	if (sum(&queue->unlogged) == 1)
		pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&queue->mutex);
}

void sink_queue_reopen(struct sink_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->reopening = true;
	pthread_cond_signal(&queue->filled);
	pthread_mutex_unlock(&queue->mutex);
}

void sink_queue_get_stats(struct sink_queue *queue, struct sink_stats *ret)
{
	pthread_mutex_lock(&queue->mutex);
	*ret = queue->stats;
	ret->name = queue->name;
	ret->queue_used = queue->ring.used;
	ret->queue_bytes = queue->ring.room;
	pthread_mutex_unlock(&queue->mutex);
}

static bool is_empty(const struct sink_queue *queue)
{
	return !queue->ring.used && !queue->writing;
}

bool sink_queue_flush(struct sink_queue *queue, int64_t end_ns)
{
	bool empty;

	pthread_mutex_lock(&queue->mutex);
	while (!is_empty(queue) && wait_until(queue, &queue->idle, end_ns))
		;
	empty = is_empty(queue);
	pthread_mutex_unlock(&queue->mutex);
	return empty;
}

/* Return: whether the thread is at its end. */
static bool stop(struct sink_queue *queue)
{
	int64_t end_ns = monotonic_ns() + END_NS;
	bool ended;

	pthread_mutex_lock(&queue->mutex);
	if (!is_empty(queue))
		log_warning("sink %s: records are lost, for they could not be written"
			    " before the end",
			    queue->name);
	queue->stopping = true;
	pthread_cond_signal(&queue->filled);
	while (!queue->ended && wait_until(queue, &queue->idle, end_ns))
		;
	ended = queue->ended;
	queue->abandoned = !ended;
	pthread_mutex_unlock(&queue->mutex);
	return ended;
}

void sink_queue_destroy(struct sink_queue *queue, int64_t end_ns)
{
	if (!queue)
		return;
	sink_queue_flush(queue, end_ns);
	if (!stop(queue))
		return;
	pthread_join(queue->thread, NULL);
	queue_free(queue);
}
