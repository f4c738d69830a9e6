/* SPDX-License-Identifier: MIT */
/*
 * The way from the gRPC thread to the main thread and back: the only place where the two
 * meet. A job is put in by the gRPC thread, run by the main thread, and taken back by the
 * gRPC thread; between two of these steps nobody else touches it. Owns the eventfd.
 */
#ifndef JANUSD_JOBS_H
#define JANUSD_JOBS_H

#include <stdbool.h>
#include <stddef.h>

struct job;
struct jobs;
struct guards;

/* Embedded in what the job is about. */
struct job {
	struct job *next;
	/* On the main thread. Not called for a job that was cancelled before. */
	void (*run)(struct job *job, struct guards *guards);
	/*
	 * On the main thread, after run: tells the gRPC thread, without touching the job.
	 */
	void (*finished)(struct job *job);
	size_t bytes;   /* of memory that the job holds */
	bool cancelled; /* set by jobs_cancel() */
	bool ran;       /* run was called; for the gRPC thread after jobs_take() */
	/* Set by run: it goes on, and jobs_finish() is called once it has ended. */
	bool later;
};

/* What all waiting jobs together may hold. */
#define JOBS_BYTES_MAX ((size_t)64 << 20)

/* Return: 0, or a negative errno. */
int jobs_create(struct jobs **ret);
void jobs_destroy(struct jobs *jobs);

/*
 * Return: 0, or -1 where there is too much waiting already; the job stays the caller's.
 */
int jobs_put(struct jobs *jobs, struct job *job);

/* Nobody waits for it any more: it is not run if it has not begun. */
void jobs_cancel(struct jobs *jobs, struct job *job);

/*
 * On the gRPC thread, when finished() has told it: from here on the job is its own again.
 */
void jobs_take(struct jobs *jobs, struct job *job);

/* The gRPC thread has ended: no job comes any more. */
void jobs_close(struct jobs *jobs);

/* On the main thread: another gRPC thread is about to start. */
void jobs_open(struct jobs *jobs);

/* Have the main thread look, from any thread. */
void jobs_wake(struct jobs *jobs);

/* On the main thread: readable when jobs_run() or jobs_closed() has news. */
int jobs_get_fd(const struct jobs *jobs);

/* On the main thread: run at most @count jobs. */
void jobs_run(struct jobs *jobs, struct guards *guards, size_t count);

/* On the main thread: a job whose run has set later is done. */
void jobs_finish(struct jobs *jobs, struct job *job);

bool jobs_closed(struct jobs *jobs);

#endif
