// SPDX-License-Identifier: MIT
#include "jobs.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct jobs {
	pthread_mutex_t mutex;
	struct job *first;
	struct job **last;
	size_t bytes;
	int fd;
	bool closed;
};

int jobs_create(struct jobs **ret)
{
	struct jobs *jobs = calloc(1, sizeof(*jobs));
	int error;

	if (!jobs)
		return -ENOMEM;
	jobs->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (jobs->fd < 0) {
		error = -errno;
		free(jobs);
		return error;
	}
	pthread_mutex_init(&jobs->mutex, NULL);
	jobs->last = &jobs->first;
	*ret = jobs;
	return 0;
}

void jobs_destroy(struct jobs *jobs)
{
	if (!jobs)
		return;
	pthread_mutex_destroy(&jobs->mutex);
	close(jobs->fd);
	free(jobs);
}

/* The counter cannot overflow in a lifetime, and a full one is readable too. */
void jobs_wake(struct jobs *jobs)
{
	static const uint64_t one = 1;
	ssize_t written = write(jobs->fd, &one, sizeof(one));

	(void)written;
}

int jobs_put(struct jobs *jobs, struct job *job)
{
	bool fits;

	pthread_mutex_lock(&jobs->mutex);
	fits = job->bytes <= JOBS_BYTES_MAX - jobs->bytes;
	if (fits) {
		jobs->bytes += job->bytes;
		job->next = NULL;
		*jobs->last = job;
		jobs->last = &job->next;
	}
	pthread_mutex_unlock(&jobs->mutex);
	if (!fits)
		return -1;
	jobs_wake(jobs);
	return 0;
}

void jobs_cancel(struct jobs *jobs, struct job *job)
{
	pthread_mutex_lock(&jobs->mutex);
	job->cancelled = true;
	pthread_mutex_unlock(&jobs->mutex);
}

void jobs_take(struct jobs *jobs, struct job *job)
{
	pthread_mutex_lock(&jobs->mutex);
	jobs->bytes -= job->bytes;
	pthread_mutex_unlock(&jobs->mutex);
}

void jobs_close(struct jobs *jobs)
{
	pthread_mutex_lock(&jobs->mutex);
	jobs->closed = true;
	pthread_mutex_unlock(&jobs->mutex);
	jobs_wake(jobs);
}

void jobs_open(struct jobs *jobs)
{
	pthread_mutex_lock(&jobs->mutex);
	jobs->closed = false;
	pthread_mutex_unlock(&jobs->mutex);
}

int jobs_get_fd(const struct jobs *jobs)
{
	return jobs->fd;
}

bool jobs_closed(struct jobs *jobs)
{
	bool closed;

	pthread_mutex_lock(&jobs->mutex);
	closed = jobs->closed && !jobs->first;
	pthread_mutex_unlock(&jobs->mutex);
	return closed;
}

static struct job *next_job(struct jobs *jobs)
{
	struct job *job;

	pthread_mutex_lock(&jobs->mutex);
	job = jobs->first;
	if (job) {
		jobs->first = job->next;
		if (!jobs->first)
			jobs->last = &jobs->first;
		job->ran = !job->cancelled;
	}
	pthread_mutex_unlock(&jobs->mutex);
	return job;
}

void jobs_finish(struct jobs *jobs, struct job *job)
{
	void (*finished)(struct job *) = job->finished;

	/* What run() wrote is behind this lock for the thread that takes the job. */
	pthread_mutex_lock(&jobs->mutex);
	pthread_mutex_unlock(&jobs->mutex);
	finished(job);
}

static void run_one(struct jobs *jobs, struct job *job, struct guards *guards)
{
	if (job->ran)
		job->run(job, guards);
	if (!job->later)
		jobs_finish(jobs, job);
}

void jobs_run(struct jobs *jobs, struct guards *guards, size_t count)
{
	uint64_t rung;
	ssize_t taken = read(jobs->fd, &rung, sizeof(rung));
	struct job *job = NULL;

	(void)taken;
	while (count-- && (job = next_job(jobs)))
		run_one(jobs, job, guards);
	/* The rest waits for the next round; what was read must not be forgotten. */
	if (job)
		jobs_wake(jobs);
}
