/* SPDX-License-Identifier: MIT */
/*
 * Where the daemon listens: which addresses are allowed, what gRPC calls them, and the
 * lock that keeps a second daemon from a unix socket. Owns the lock fds; the sockets are
 * gRPC's.
 */
#ifndef JANUSD_LISTEN_H
#define JANUSD_LISTEN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "cmdline.h"

#define LISTEN_TEXT_SIZE 400
#define LISTEN_MAX (2 * (size_t)CMDLINE_LISTEN_MAX)

struct owner;

struct listener {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	} address;
	bool tls;
	bool optional; /* nobody asked for it: it may be missing where the protocol is */
	bool left_out; /* it is missing */
	int lock;      /* -1: none */
};

struct listeners {
	struct listener items[LISTEN_MAX];
	size_t count;
};

/*
 * What the command line means; opens nothing.
 * Return: 0, or -1 with one line in @error: an address that cannot be, or is not allowed.
 */
int listen_plan(struct listeners *ret, const struct cmdline *cmdline,
		char error[CMDLINE_ERROR_SIZE]);

/* Of a socket that has no lock yet: @fd, if that is its lock file. True: it is taken over. */
bool listen_adopt_lock(struct listeners *listeners, int fd);

/*
 * Make ready to bind all of them: the folder of the default socket, the locks that are missing,
 * which go on as long as this process or one that it forks. Logs what fails. Return: 0, or -1.
 */
int listen_prepare(struct listeners *listeners);

/* Into all lock files. */
void listen_tell_owner(const struct listeners *listeners, const struct owner *owner);

/*
 * The lock file of a socket. Return: an fd, or a negative errno; -ENODEV: the address has none.
 */
int listen_open_lock(const struct listener *listener, int flags);

/*
 * Bind and let go again. Return: 0, or the negative errno that says why it cannot be had.
 */
int listen_probe(const struct listener *listener);

/* Of an address with any port: this one. 0, or another kind of address: nothing happens. */
void listen_set_port(struct listener *listener, uint16_t port);

/* Let go of the locks. */
void listen_done(struct listeners *listeners);

/* How people write it; @port: the real one. */
const char *listen_name(const struct listener *listener, int port,
			char buf[LISTEN_TEXT_SIZE]);

/* How gRPC wants it. */
const char *listen_target(const struct listener *listener, char buf[LISTEN_TEXT_SIZE]);

/*
 * Whether an address is one that can be listened on, or what is wrong with it. The second knows
 * no sockets and no names.
 */
const char *listen_check(const char *address);
const char *listen_check_tcp(const char *address);

bool listen_is_unix(const struct listener *listener);

#endif
