// SPDX-License-Identifier: MIT
/*
 * Datagrams to a unix socket: journald's, or that of a syslog daemon. Owns the socket. Never waits
 * for longer than a tick: whoever reads there may itself wait for an answer of ours.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sink_writers.h"
#include "util.h"

struct sink_socket {
	struct sockaddr_un address;
	int fd;
	bool by_memfd;
};

void *sink_socket_create(const char *path, bool by_memfd)
{
	struct sink_socket *end = calloc(1, sizeof(*end));

	if (!end || strlen(path) >= sizeof(end->address.sun_path)) {
		free(end);
		return NULL;
	}
	end->address.sun_family = AF_UNIX;
	memcpy(end->address.sun_path, path, strlen(path) + 1);
	end->by_memfd = by_memfd;
	end->fd = -1;
	return end;
}

static void disconnect(void *writer)
{
	struct sink_socket *end = writer;

	util_close(&end->fd);
	end->fd = -1;
}

static void destroy(void *writer)
{
	disconnect(writer);
	free(writer);
}

static int connect_socket(struct sink_socket *end)
{
	if (end->fd >= 0)
		return 0;
	end->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (end->fd < 0)
		return -errno;
	if (connect(end->fd, (const struct sockaddr *)&end->address,
		    sizeof(end->address))) {
		int error = -errno;

		disconnect(end);
		return error;
	}
	return 0;
}

/* Sealed, as journald wants it: what it reads must not change under it. */
static int open_memfd(const char *bytes, size_t length)
{
	autoclose int fd = memfd_create("janusd-record", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	if (write(fd, bytes, length) != (ssize_t)length)
		return -ENOMEM;
	if (fcntl(fd, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL))
		return -errno;
	return util_steal_fd(&fd);
}

/* Return: 0, or a negative errno. */
static int send_memfd(const struct sink_socket *end, const char *bytes, size_t length)
{
	autoclose int fd = open_memfd(bytes, length);
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = { .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (fd < 0)
		return fd;
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(end->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

/* Return: 0, or a negative errno. */
static int send_datagram(const struct sink_socket *end, const char *bytes, size_t length)
{
	if (send(end->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	if (errno == EMSGSIZE && end->by_memfd)
		return send_memfd(end, bytes, length);
	return -errno;
}

/* Whoever listened there has gone; maybe another one has come. */
static bool is_gone(int error)
{
	return error == -ECONNREFUSED || error == -ENOTCONN || error == -ECONNRESET ||
	       error == -EPIPE;
}

static ssize_t write_datagram(void *writer, const char *bytes, size_t length)
{
	struct sink_socket *end = writer;
	bool was_connected = end->fd >= 0;
	int error = connect_socket(end);

	if (!error)
		error = send_datagram(end, bytes, length);
	if (is_gone(error) && was_connected) {
		disconnect(end);
		error = connect_socket(end);
		if (!error)
			error = send_datagram(end, bytes, length);
	}
	if (error == -EAGAIN || error == -EINTR) {
		struct pollfd ready = { .fd = end->fd, .events = POLLOUT };

		poll(&ready, 1, end->fd >= 0 ? SINK_TICK_MS : 0);
		return 0;
	}
	if (!error)
		return (ssize_t)length;
	if (error != -EMSGSIZE)
		disconnect(end);
	return error;
}

const struct sink_writer_ops sink_socket_ops = {
	.write = write_datagram,
	.reopen = disconnect,
	.destroy = destroy,
};
