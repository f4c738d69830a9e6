/* SPDX-License-Identifier: MIT */
/*
 * Where the main thread leaves snapshots of the metrics for the one thread that shows them. That
 * one asks and waits for a moment; the main thread waits for nobody.
 */
#ifndef JANUSD_METRICS_BOARD_H
#define JANUSD_METRICS_BOARD_H

#include <stdbool.h>
#include <stdint.h>

struct metrics_board;
struct metrics_snapshot;

/* One that is so young is shown again. */
#define METRICS_BOARD_FRESH_MS 100

/* How long whoever asks waits for an answer, all requests of that time together. */
#define METRICS_BOARD_WAIT_MS 1000

/* Return: 0, or a negative errno. */
int metrics_board_create(struct metrics_board **ret);
void metrics_board_destroy(struct metrics_board *board);

/* Main thread: readable when somebody has asked. */
int metrics_board_get_fd(const struct metrics_board *board);

/* Main thread: whether somebody has asked since the last call. */
bool metrics_board_was_asked(struct metrics_board *board);

/* Main thread: takes @snapshot over. */
void metrics_board_put(struct metrics_board *board, struct metrics_snapshot *snapshot);

/* Main thread: nobody is to wait any more. */
void metrics_board_close(struct metrics_board *board);

/*
 * The other thread: the newest snapshot, after a while if there has to be one first; NULL: there
 * was none yet. The board's, until the next call. @age_ms: how old it is.
 */
const struct metrics_snapshot *metrics_board_get(struct metrics_board *board,
						 int64_t *age_ms);

#endif
