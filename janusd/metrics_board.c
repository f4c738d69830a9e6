// SPDX-License-Identifier: MIT
#include "metrics_board.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "health.h"
#include "metrics.h"

struct metrics_board {
	pthread_mutex_t mutex;
	pthread_cond_t news;
	int fd;
	bool closed;
	struct metrics_snapshot *fresh; /* nobody has taken it yet */
	int64_t fresh_ms;
	/* The reader's. */
	struct metrics_snapshot *shown;
	int64_t shown_ms;
	int64_t asked_ms; /* and there was no answer; 0: there was */
};

int metrics_board_create(struct metrics_board **ret)
{
	struct metrics_board *board = calloc(1, sizeof(*board));
	pthread_condattr_t attributes;
	int error;

	if (!board)
		return -ENOMEM;
	board->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (board->fd < 0) {
		error = -errno;
		free(board);
		return error;
	}
	pthread_mutex_init(&board->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&board->news, &attributes);
	pthread_condattr_destroy(&attributes);
	*ret = board;
	return 0;
}

void metrics_board_destroy(struct metrics_board *board)
{
	if (!board)
		return;
	metrics_snapshot_free(board->fresh);
	metrics_snapshot_free(board->shown);
	pthread_cond_destroy(&board->news);
	pthread_mutex_destroy(&board->mutex);
	close(board->fd);
	free(board);
}

int metrics_board_get_fd(const struct metrics_board *board)
{
	return board->fd;
}

bool metrics_board_was_asked(struct metrics_board *board)
{
	uint64_t count;

	return read(board->fd, &count, sizeof(count)) == sizeof(count);
}

void metrics_board_put(struct metrics_board *board, struct metrics_snapshot *snapshot)
{
	struct metrics_snapshot *old;

	pthread_mutex_lock(&board->mutex);
	old = board->fresh;
	board->fresh = snapshot;
	board->fresh_ms = health_now_ms();
	pthread_cond_signal(&board->news);
	pthread_mutex_unlock(&board->mutex);
	metrics_snapshot_free(old);
}

void metrics_board_close(struct metrics_board *board)
{
	pthread_mutex_lock(&board->mutex);
	board->closed = true;
	pthread_cond_signal(&board->news);
	pthread_mutex_unlock(&board->mutex);
}

static void ask(struct metrics_board *board)
{
	static const uint64_t one = 1;
	ssize_t written = write(board->fd, &one, sizeof(one));

	(void)written;
}

/* With the mutex. Whoever comes after one who waited in vain does not wait. */
static void wait_for_news(struct metrics_board *board, int64_t end_ms)
{
	const struct timespec end = { .tv_sec = end_ms / 1000,
				      .tv_nsec = end_ms % 1000 * 1000000 };
	int error = 0;

	while (!board->fresh && !board->closed && !error)
		error = pthread_cond_timedwait(&board->news, &board->mutex, &end);
}

const struct metrics_snapshot *metrics_board_get(struct metrics_board *board,
						 int64_t *age_ms)
{
	struct metrics_snapshot *old = NULL;

	*age_ms = health_now_ms() - board->shown_ms;
	if (board->shown && *age_ms < METRICS_BOARD_FRESH_MS)
		return board->shown;
	if (!board->asked_ms) {
		board->asked_ms = health_now_ms();
		ask(board);
	}
	pthread_mutex_lock(&board->mutex);
	wait_for_news(board, board->asked_ms + METRICS_BOARD_WAIT_MS);
	if (board->fresh) {
		old = board->shown;
		board->shown = board->fresh;
		board->shown_ms = board->fresh_ms;
		board->fresh = NULL;
		board->asked_ms = 0;
	}
	pthread_mutex_unlock(&board->mutex);
	metrics_snapshot_free(old);
	*age_ms = health_now_ms() - board->shown_ms;
	return board->shown;
}
