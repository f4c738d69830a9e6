// SPDX-License-Identifier: MIT
#include "uring.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The rings as the kernel maps them. */
struct uring {
	int fd;
	struct io_uring_params params;
	char *submission;
	char *completion;
	struct io_uring_sqe *entries;
};

static void *map(const struct uring *ring, size_t size, off_t offset)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd,
			    offset);

	return memory == MAP_FAILED ? NULL : memory;
}

static bool map_all(struct uring *ring)
{
	const struct io_uring_params *params = &ring->params;

	ring->submission =
		map(ring, params->sq_off.array + params->sq_entries * sizeof(uint32_t),
		    IORING_OFF_SQ_RING);
	ring->completion = map(ring,
			       params->cq_off.cqes +
				       params->cq_entries * sizeof(struct io_uring_cqe),
			       IORING_OFF_CQ_RING);
	ring->entries = map(ring, params->sq_entries * sizeof(struct io_uring_sqe),
			    IORING_OFF_SQES);
	return ring->submission && ring->completion && ring->entries;
}

static void *at(char *base, uint32_t offset)
{
	return base + offset;
}

/* Hand one request to a worker thread of the kernel's and wait for its result. */
static int submit(struct uring *ring, const struct io_uring_sqe *request)
{
	atomic_uint *tail = at(ring->submission, ring->params.sq_off.tail);
	uint32_t *array = at(ring->submission, ring->params.sq_off.array);
	const struct io_uring_cqe *results = at(ring->completion,
						ring->params.cq_off.cqes);

	ring->entries[0] = *request;
	array[0] = 0;
	atomic_store(tail, 1);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) <
	    0)
		return -errno;
	return results[0].res;
}

int open_by_uring(const struct deed *deed)
{
	const struct io_uring_sqe request = {
		.opcode = IORING_OP_OPENAT,
		.flags = IOSQE_ASYNC,
		.fd = AT_FDCWD,
		.addr = (uint64_t)(uintptr_t)deed->path,
		.open_flags = O_RDONLY | O_CLOEXEC,
	};
	struct uring ring = { 0 };
	int result;

	ring.fd = (int)syscall(SYS_io_uring_setup, 1, &ring.params);
	if (ring.fd < 0)
		return -ENOSYS;
	result = map_all(&ring) ? submit(&ring, &request) : -ENOMEM;
	close(ring.fd);
	if (result < 0)
		return result;
	close(result);
	return 0;
}
