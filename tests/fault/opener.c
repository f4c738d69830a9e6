// SPDX-License-Identifier: MIT
#include "opener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_SIZE 512
#define STUCK_AFTER_MS 3000

static void serve(int socket)
{
	char path[PATH_SIZE];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(socket, path, sizeof(path)) == sizeof(path)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		int error = fd < 0 ? errno : 0;

		if (fd >= 0)
			close(fd);
		if (write(socket, &error, sizeof(error)) != sizeof(error))
			break;
	}
	_exit(0);
}

struct opener opener_start(void)
{
	struct opener opener;
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0) {
		perror("socketpair");
		exit(1);
	}
	opener.socket = sockets[0];
	opener.pid = fork();
	if (opener.pid < 0) {
		perror("fork");
		exit(1);
	}
	if (opener.pid == 0) {
		close(sockets[0]);
		serve(sockets[1]);
	}
	close(sockets[1]);
	return opener;
}

int opener_open(struct opener *opener, const char *path)
{
	struct pollfd fd = { .fd = opener->socket, .events = POLLIN };
	char message[PATH_SIZE] = "";
	int error;

	snprintf(message, sizeof(message), "%s", path);
	if (write(opener->socket, message, sizeof(message)) != sizeof(message) ||
	    poll(&fd, 1, STUCK_AFTER_MS) != 1 ||
	    read(opener->socket, &error, sizeof(error)) != sizeof(error))
		return -1;
	return error;
}

void opener_stop(struct opener *opener)
{
	kill(opener->pid, SIGKILL);
	waitpid(opener->pid, NULL, 0);
	close(opener->socket);
}
