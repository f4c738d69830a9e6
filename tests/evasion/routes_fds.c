// SPDX-License-Identifier: MIT
/*
 * Fds as names, /proc, file handles, io_uring, and what is asked for when a file is opened.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <janus/types.h>

#include "harness.h"
#include "routes.h"
#include "uring.h"

static int held = -1;

static int hold(const char *path, int flags)
{
	held = (int)MUST(open(path, flags | O_CLOEXEC));
	return 0;
}

static int reopen(int fd, const char *rest)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/self/fd/%d%s", fd, rest);
	return open_it(path);
}

static int hold_file(void)
{
	return hold(at(SECRET), O_PATH);
}

static int open_file(void)
{
	return hold(at(SECRET), O_RDONLY);
}

static int hold_directory(void)
{
	return hold(at("/tree/a"), O_PATH | O_DIRECTORY);
}

static int open_directory(void)
{
	return hold(at("/tree/a"), O_RDONLY | O_DIRECTORY);
}

static int reopen_held(void)
{
	return reopen(held, "");
}

static int reopen_deleted(void)
{
	MUST(unlink(at(SECRET)));
	return reopen(held, "");
}

static int open_by_held(void)
{
	int fd = openat(held, "b/secret", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : 0;
}

static int open_by_held_link(void)
{
	return reopen(held, "/../a/b/secret");
}

static int enter_directory(void)
{
	MUST(chdir(at("/tree/a/b")));
	return 0;
}

static int open_in_directory(void)
{
	return open_it("secret");
}

static int hold_and_reopen(void)
{
	hold_file();
	return reopen(held, "");
}

static int open_by_own_root(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "/proc/self/root%s", at(SECRET));
	return open_it(path);
}

/* By what /proc tells of another process that is in the tree. */
static int open_by_neighbour(const char *name, const char *rest)
{
	char path[PATH_MAX];
	int fds[2], result;
	pid_t pid;
	char byte;

	MUST(pipe2(fds, O_CLOEXEC));
	pid = (pid_t)MUST(fork());
	if (pid == 0) {
		if (chdir(at("/tree/a")) == 0 && write(fds[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	CHECK_INT(read(fds[0], &byte, 1), 1);
	snprintf(path, sizeof(path), "/proc/%d/%s%s", pid, name, rest);
	result = open_it(path);
	MUST(kill(pid, SIGKILL));
	MUST(waitpid(pid, NULL, 0));
	close(fds[0]);
	close(fds[1]);
	return result;
}

static int open_by_neighbours_directory(void)
{
	return open_by_neighbour("cwd", "/b/secret");
}

static int open_by_neighbours_root(void)
{
	return open_by_neighbour("root", at(SECRET));
}

static union {
	struct file_handle handle;
	char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
} handle;

static int take_handle(void)
{
	int mount_id;

	handle.handle.handle_bytes = MAX_HANDLE_SZ;
	MUST(name_to_handle_at(AT_FDCWD, at(SECRET), &handle.handle, &mount_id, 0));
	return 0;
}

static int open_by_handle(void)
{
	int mount = (int)MUST(open(at("/out"), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int fd = open_by_handle_at(mount, &handle.handle, O_RDONLY | O_CLOEXEC);
	int result = fd < 0 ? -errno : 0;

	close(mount);
	return result;
}

static int open_by_ring(void)
{
	struct deed deed = { 0 };

	snprintf(deed.path, sizeof(deed.path), "%s", at(SECRET));
	return open_by_uring(&deed);
}

static void send_fd(int socket, int fd)
{
	char room[CMSG_SPACE(sizeof(int))] = "";
	char byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof(room),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	CHECK_INT(sendmsg(socket, &message, 0), 1);
}

static int receive_fd(int socket)
{
	char room[CMSG_SPACE(sizeof(int))];
	char byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof(room),
	};
	int fd;

	CHECK_INT(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

/* A process that may hold it gives it to one that opens. */
static int open_what_was_sent(void)
{
	int sockets[2], result;
	pid_t pid;

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets));
	pid = (pid_t)MUST(fork());
	if (pid == 0) {
		send_fd(sockets[1], (int)MUST(open(at(SECRET), O_PATH | O_CLOEXEC)));
		_exit(0);
	}
	result = reopen(receive_fd(sockets[0]), "");
	MUST(waitpid(pid, NULL, 0));
	close(sockets[0]);
	close(sockets[1]);
	return result;
}

static int open_and_map(void)
{
	int fd = open(at(SECRET), O_RDONLY | O_CLOEXEC);
	void *memory;

	if (fd < 0)
		return -errno;
	memory = mmap(NULL, 1, PROT_READ, MAP_PRIVATE, fd, 0);
	return memory == MAP_FAILED ? -ENOMEM : 0;
}

static int open_to_write(void)
{
	return open_flags(at(SECRET), O_RDWR);
}

static int open_to_truncate(void)
{
	return open_flags(at(SECRET), O_WRONLY | O_TRUNC);
}

static int open_to_create(void)
{
	return open_flags(at(SECRET), O_RDONLY | O_CREAT);
}

static int open_to_append(void)
{
	return open_flags(at(SECRET), O_WRONLY | O_CREAT | O_APPEND);
}

static int list_directory(void)
{
	return open_flags(at("/tree/a/b"), O_RDONLY | O_DIRECTORY);
}

static int read_fd(int fd)
{
	char byte;

	return read(fd, &byte, 1) < 0 ? -errno : 0;
}

static int read_plain(void)
{
	return read_fd((int)MUST(open(at(SECRET), O_RDONLY | O_CLOEXEC)));
}

static int read_by_held(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", held);
	return read_fd((int)MUST(open(path, O_RDONLY | O_CLOEXEC)));
}

static int splice_it(void)
{
	int fd = (int)MUST(open(at(SECRET), O_RDONLY | O_CLOEXEC));
	int fds[2];

	MUST(pipe2(fds, O_CLOEXEC));
	return splice(fd, NULL, fds[1], NULL, 1, 0) < 0 ? -errno : 0;
}

static int copy_it(void)
{
	int from = (int)MUST(open(at(SECRET), O_RDONLY | O_CLOEXEC));
	int to = (int)MUST(open(at("/out/copy"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));

	return copy_file_range(from, NULL, to, NULL, 1, 0) < 0 ? -errno : 0;
}

static const struct route routes[] = {
	{ "O_PATH fd reopened", NULL, hold_and_reopen, 0, 0 },
	{ "O_PATH fd from before, reopened", hold_file, reopen_held, 0, 0 },
	{ "fd from before, reopened", open_file, reopen_held, 0, 0 },
	{ "O_PATH fd of a deleted file", hold_file, reopen_deleted, 0, 0 },
	{ "O_PATH directory from before", hold_directory, open_by_held, 0, 0 },
	{ "directory fd from before", open_directory, open_by_held, 0, 0 },
	{ "/proc/self/fd/N/..", hold_directory, open_by_held_link, 0, 0 },
	{ "working directory from before", enter_directory, open_in_directory, 0, 0 },
	{ "/proc/self/root", NULL, open_by_own_root, 0, 0 },
	{ "/proc/PID/cwd", NULL, open_by_neighbours_directory, 0, 0 },
	{ "/proc/PID/root", NULL, open_by_neighbours_root, 0, 0 },
	{ "file handle", take_handle, open_by_handle, 0, 1u << PLACE_OVERLAY },
	{ "io_uring", NULL, open_by_ring, 0, 0 },
	{ "O_PATH fd through a socket", NULL, open_what_was_sent, 0, 0 },
	{ "mmap", NULL, open_and_map, 0, 0 },
	{ "O_RDWR", NULL, open_to_write, 0, 0 },
	{ "O_TRUNC", NULL, open_to_truncate, 0, 0 },
	{ "O_CREAT", NULL, open_to_create, 0, 0 },
	{ "O_APPEND", NULL, open_to_append, 0, 0 },
	{ "directory", NULL, list_directory, 0, 0 },
	{ "read", NULL, read_plain, JANUS_EVENT_ACCESS, 0 },
	{ "read by an O_PATH fd", hold_file, read_by_held, JANUS_EVENT_ACCESS, 0 },
	{ "splice", NULL, splice_it, JANUS_EVENT_ACCESS, 0 },
	{ "copy_file_range", NULL, copy_it, JANUS_EVENT_ACCESS, 0 },
};

const struct route_table fd_routes = ROUTE_TABLE(routes);
