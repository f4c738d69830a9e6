// SPDX-License-Identifier: MIT
/*
 * What a test says to the fake kernel and asks of it, and the one lock that all share.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "fake_world.h"

struct fake_world fake;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;

struct timespec fake_deadline(int64_t ns)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	ns += at.tv_nsec;
	at.tv_sec += ns / 1000000000;
	at.tv_nsec = ns % 1000000000;
	return at;
}

bool fake_wait(const struct timespec *end)
{
	pthread_cond_broadcast(&changed);
	return pthread_cond_timedwait(&changed, &lock, end) != ETIMEDOUT;
}

static bool matches(const struct fake_call *wanted, const char *name, int fd)
{
	return wanted->name && strcmp(wanted->name, name) == 0 &&
	       (wanted->fd == -1 || wanted->fd == fd);
}

static void run_interrupt(void)
{
	void (*interrupt)(void) = fake.interrupt;

	fake.interrupted.name = NULL;
	pthread_mutex_unlock(&lock);
	interrupt();
	pthread_mutex_lock(&lock);
}

int fake_enter(const char *name, int fd)
{
	pthread_mutex_lock(&lock);
	if (matches(&fake.interrupted, name, fd))
		run_interrupt();
	cr_assert_lt(fake.log_length, FAKE_LOG_MAX);
	fake.log[fake.log_length++] = (struct fake_call){ name, fd };
	if (fake.times == 0 || !matches(&fake.failing, name, fd))
		return 0;
	fake.times--;
	return fake.error;
}

long fake_leave(long result)
{
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return result;
}

struct fake_fd *fake_get(int fd)
{
	int index = fd - FAKE_FIRST_FD;

	if (index < 0 || index >= fake.fd_count || fake.fds[index].kind == FAKE_CLOSED)
		return NULL;
	return &fake.fds[index];
}

bool fake_in_use(int fd)
{
	return fd - FAKE_FIRST_FD < fake.fd_count;
}

int fake_new_fd(enum fake_kind kind, struct fake_file *file)
{
	cr_assert_lt(fake.fd_count, FAKE_FDS_MAX);
	fake.fds[fake.fd_count] = (struct fake_fd){ .kind = kind, .file = file };
	return FAKE_FIRST_FD + fake.fd_count++;
}

struct fake_file *fake_find_file(const char *path)
{
	for (size_t i = 0; i < fake.file_count; i++)
		if (strcmp(fake.files[i].path, path) == 0)
			return &fake.files[i];
	return NULL;
}

void fake_reset(void)
{
	pthread_condattr_t attributes;

	memset(&fake, 0, sizeof(fake));
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attributes);
	fake_directory("/");
}

struct fake_file *fake_file(const char *path)
{
	struct fake_file *file = &fake.files[fake.file_count++];

	cr_assert_leq(fake.file_count, FAKE_FILES_MAX);
	*file = (struct fake_file){
		.path = path,
		.number = 100 + fake.file_count,
		.device = 8,
		.mount_id = 5,
		.links = 1,
		.mode = S_IFREG | 0644,
		.change_time_ns = 1000000007,
	};
	return file;
}

struct fake_file *fake_directory(const char *path)
{
	struct fake_file *directory = fake_file(path);

	directory->mode = S_IFDIR | 0755;
	directory->links = 2;
	return directory;
}

void fake_process(int32_t pid, int32_t ppid, uint64_t start_time)
{
	size_t i = fake.process_count++;

	cr_assert_lt(i, FAKE_PROCESSES_MAX);
	fake.pids[i] = pid;
	snprintf(fake.stats[i], sizeof(fake.stats[i]),
		 "%d (sh) S %d 7 7 0 -1 4 9 0 0 0 0 0 0 0 20 0 1 0 %llu 4096\n", pid,
		 ppid, (unsigned long long)start_time);
}

/* Under the lock: the next read is what was queued ahead. */
static void queue_ahead(size_t group)
{
	struct fake_queue *queue = &fake.queues[group];

	cr_assert_lt(queue->end - queue->first, FAKE_READS_MAX);
	queue->reads[queue->end++ % FAKE_READS_MAX] = fake.ahead;
	fake.ahead = (struct fake_read){ 0 };
}

static int add_event(const char *path, int32_t pid, uint64_t mask)
{
	struct fanotify_event_metadata metadata = {
		.event_len = sizeof(metadata),
		.vers = FANOTIFY_METADATA_VERSION,
		.metadata_len = sizeof(metadata),
		.mask = mask,
		.pid = pid,
	};

	cr_assert_not_null(fake_find_file(path), "%s", path);
	metadata.fd = fake_new_fd(FAKE_PLACE, fake_find_file(path));
	cr_assert_leq(fake.ahead.length + sizeof(metadata), sizeof(fake.ahead.bytes));
	memcpy(fake.ahead.bytes + fake.ahead.length, &metadata, sizeof(metadata));
	fake.ahead.length += sizeof(metadata);
	return metadata.fd;
}

static int event_of(size_t group, const char *path, int32_t pid, uint64_t mask)
{
	int fd;

	pthread_mutex_lock(&lock);
	fd = add_event(path, pid, mask);
	fake_get(fd)->group = group;
	queue_ahead(group);
	return (int)fake_leave(fd);
}

int fake_event(const char *path, int32_t pid, uint64_t mask)
{
	return event_of(0, path, pid, mask);
}

int fake_wide_event(const char *path, int32_t pid, uint64_t mask)
{
	return event_of(1, path, pid, mask);
}

int fake_event_ahead(const char *path, int32_t pid, uint64_t mask)
{
	int fd;

	pthread_mutex_lock(&lock);
	fd = add_event(path, pid, mask);
	return (int)fake_leave(fd);
}

void fake_read_bytes(const void *bytes, size_t length)
{
	pthread_mutex_lock(&lock);
	cr_assert_leq(fake.ahead.length + length, sizeof(fake.ahead.bytes));
	memcpy(fake.ahead.bytes + fake.ahead.length, bytes, length);
	fake.ahead.length += length;
	queue_ahead(0);
	fake_leave(0);
}

static void error_of(size_t group, int error)
{
	pthread_mutex_lock(&lock);
	fake.ahead.error = error;
	queue_ahead(group);
	fake_leave(0);
}

void fake_read_error(int error)
{
	error_of(0, error);
}

void fake_wide_read_error(int error)
{
	error_of(1, error);
}

void fake_fail(const char *name, int fd, int error, unsigned int times)
{
	pthread_mutex_lock(&lock);
	fake.failing = (struct fake_call){ name, fd };
	fake.error = error;
	fake.times = times;
	fake_leave(0);
}

void fake_interrupt(const char *name, int fd, void (*fn)(void))
{
	pthread_mutex_lock(&lock);
	fake.interrupted = (struct fake_call){ name, fd };
	fake.interrupt = fn;
	fake_leave(0);
}

uint32_t fake_answer(int fd)
{
	struct timespec end = fake_deadline(FAKE_PATIENCE_NS);
	struct fake_fd *event = &fake.fds[fd - FAKE_FIRST_FD];
	uint32_t answer;

	pthread_mutex_lock(&lock);
	while (!event->answer)
		cr_assert(fake_wait(&end), "nobody answers");
	answer = event->answer;
	fake_leave(0);
	return answer;
}

static bool is_all_read(void)
{
	for (size_t i = 0; i < FAKE_GROUPS_MAX; i++)
		if (fake.queues[i].first != fake.queues[i].end)
			return false;
	return true;
}

void fake_settle(void)
{
	struct timespec end = fake_deadline(FAKE_PATIENCE_NS);

	pthread_mutex_lock(&lock);
	while (!fake.responder_gone && !(fake.responder_waits && is_all_read()))
		cr_assert(fake_wait(&end), "the responder does not come to rest");
	fake_leave(0);
}

ssize_t fake_find(size_t start, const char *name, int fd)
{
	const struct fake_call wanted = { name, fd };
	ssize_t found = -1;

	pthread_mutex_lock(&lock);
	for (size_t i = start; i < fake.log_length && found < 0; i++)
		if (matches(&wanted, fake.log[i].name, fake.log[i].fd))
			found = (ssize_t)i;
	return fake_leave(found);
}

size_t fake_count(const char *name, int fd)
{
	size_t count = 0;

	for (ssize_t at = -1; (at = fake_find((size_t)(at + 1), name, fd)) >= 0;)
		count++;
	return count;
}

size_t fake_log_length(void)
{
	size_t length;

	pthread_mutex_lock(&lock);
	length = fake.log_length;
	fake_leave(0);
	return length;
}

size_t fake_open_fds(void)
{
	size_t count = 0;

	pthread_mutex_lock(&lock);
	for (int i = 0; i < fake.fd_count; i++)
		count += fake.fds[i].kind != FAKE_CLOSED;
	fake_leave(0);
	return count;
}

size_t fake_wrong_closes(void)
{
	return fake.wrong_closes;
}
