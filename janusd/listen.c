// SPDX-License-Identifier: MIT
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "log.h"
#include "owner.h"
#include "text.h"
#include "util.h"

#define DEFAULT_FOLDER "/run/janus"
#define DEFAULT_SOCKET "unix:" DEFAULT_FOLDER "/janusd.sock"
#define DEFAULT_PORT "50051"
#define UNIX_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

static const char localhost[] = "localhost:";

static int refuse(char *error, const char *address, const char *cause)
{
	struct text_quote quote;

	snprintf(error, CMDLINE_ERROR_SIZE, "--listen '%s': %s",
		 text_quote(&quote, address), cause);
	return -1;
}

static bool starts(const char *address, const char *with)
{
	return !strncmp(address, with, strlen(with));
}

/* Return: NULL, or what is wrong; here and below. */
static const char *parse_unix(struct listener *listener, const char *address)
{
	const char *path = address + strlen("unix:");
	size_t length = strlen(path);

	if (*path != '/')
		return "the path of the socket is not absolute";
	if (length > UNIX_PATH_MAX)
		return "the path of the socket has more than 107 bytes";
	listener->address.un.sun_family = AF_UNIX;
	memcpy(listener->address.un.sun_path, path, length + 1);
	return NULL;
}

static int parse_port(const char *text, in_port_t *ret)
{
	unsigned long port;
	size_t length = strlen(text);

	if (!length || length > 5 || strspn(text, "0123456789") != length)
		return -1;
	port = strtoul(text, NULL, 10);
	if (port > UINT16_MAX)
		return -1;
	*ret = htons((uint16_t)port);
	return 0;
}

static int set_host(struct listener *listener, const char *host, in_port_t port)
{
	size_t length = strlen(host);
	char inner[INET6_ADDRSTRLEN];

	if (inet_pton(AF_INET, host, &listener->address.in.sin_addr) == 1) {
		listener->address.in.sin_family = AF_INET;
		listener->address.in.sin_port = port;
		return 0;
	}
	if (length < 4 || length - 2 >= sizeof(inner) || host[0] != '[' ||
	    host[length - 1] != ']')
		return -1;
	memcpy(inner, host + 1, length - 2);
	inner[length - 2] = '\0';
	if (inet_pton(AF_INET6, inner, &listener->address.in6.sin6_addr) != 1)
		return -1;
	listener->address.in6.sin6_family = AF_INET6;
	listener->address.in6.sin6_port = port;
	return 0;
}

static bool is_loopback(const struct listener *listener)
{
	const struct in6_addr *in6 = &listener->address.in6.sin6_addr;

	if (listener->address.any.sa_family == AF_INET)
		return ntohl(listener->address.in.sin_addr.s_addr) >> 24 ==
		       IN_LOOPBACKNET;
	if (IN6_IS_ADDR_V4MAPPED(in6))
		return in6->s6_addr[12] == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(in6);
}

static const char *parse_tcp(struct listener *listener, const char *address)
{
	const char *colon = strrchr(address, ':');
	char host[64] = "";
	in_port_t port;

	if (!colon || (size_t)(colon - address) >= sizeof(host) ||
	    parse_port(colon + 1, &port))
		return "is none of unix:/PATH, IPV4:PORT, [IPV6]:PORT, localhost:PORT";
	memcpy(host, address, (size_t)(colon - address));
	if (set_host(listener, host, port))
		return "the host is no IPV4 or [IPV6] address";
	return NULL;
}

const char *listen_check_tcp(const char *address)
{
	struct listener listener = { .lock = -1 };

	if (starts(address, "unix:"))
		return "is neither IPV4:PORT nor [IPV6]:PORT";
	return parse_tcp(&listener, address);
}

const char *listen_check(const char *address)
{
	struct listener listener = { .lock = -1 };
	char loopback[64];

	if (starts(address, "unix:"))
		return parse_unix(&listener, address);
	if (!starts(address, localhost))
		return parse_tcp(&listener, address);
	snprintf(loopback, sizeof(loopback), "127.0.0.1:%.16s",
		 address + strlen(localhost));
	return parse_tcp(&listener, loopback);
}

static int add(struct listeners *listeners, const struct cmdline *cmdline,
	       const char *address, char *error)
{
	struct listener *listener = &listeners->items[listeners->count];
	bool is_unix = starts(address, "unix:");
	const char *cause;

	memset(listener, 0, sizeof(*listener));
	listener->lock = -1;
	cause = is_unix ? parse_unix(listener, address) : parse_tcp(listener, address);
	if (cause)
		return refuse(error, address, cause);
	if (is_unix) {
		listeners->count++;
		return 0;
	}
	listener->tls = cmdline->tls;
	if (!cmdline->tls && !cmdline->insecure_any_address && !is_loopback(listener))
		return refuse(error, address,
			      "plaintext beyond loopback: use -tls, or say "
			      "--insecure-any-address");
	listeners->count++;
	return 0;
}

/* Both loopback addresses of a port; ::1 may be missing where there is no IPv6. */
static int add_loopback(struct listeners *listeners, const struct cmdline *cmdline,
			const char *port, char *error)
{
	char address[64];

	snprintf(address, sizeof(address), "127.0.0.1:%.16s", port);
	if (add(listeners, cmdline, address, error))
		return -1;
	snprintf(address, sizeof(address), "[::1]:%.16s", port);
	if (add(listeners, cmdline, address, error))
		return -1;
	listeners->items[listeners->count - 1].optional = true;
	return 0;
}

static int add_default(struct listeners *listeners, const struct cmdline *cmdline,
		       char *error)
{
	if (add(listeners, cmdline, DEFAULT_SOCKET, error))
		return -1;
	if (!cmdline->tls && !cmdline->insecure_any_address)
		return add_loopback(listeners, cmdline, DEFAULT_PORT, error);
	/* gRPC takes this for every address of both protocols. */
	return add(listeners, cmdline, "0.0.0.0:" DEFAULT_PORT, error);
}

int listen_plan(struct listeners *ret, const struct cmdline *cmdline,
		char error[CMDLINE_ERROR_SIZE])
{
	ret->count = 0;
	if (!cmdline->listen_count)
		return add_default(ret, cmdline, error);
	for (size_t i = 0; i < cmdline->listen_count; i++) {
		const char *address = cmdline->listen[i];
		int result;

		if (!starts(address, localhost))
			result = add(ret, cmdline, address, error);
		else
			result = add_loopback(ret, cmdline, address + strlen(localhost),
					      error);
		if (result)
			return -1;
	}
	return 0;
}

bool listen_is_unix(const struct listener *listener)
{
	return listener->address.any.sa_family == AF_UNIX;
}

static void tell_owned(const char *path, int lock)
{
	struct owner owner;

	if (owner_read(lock, &owner))
		log_error("cannot listen on unix:%s: another janusd runs there, process"
			  " unknown",
			  path);
	else
		log_error("cannot listen on unix:%s: another janusd runs there, process"
			  " %jd",
			  path, (intmax_t)owner.pid);
}

int listen_open_lock(const struct listener *listener, int flags)
{
	char path[UNIX_PATH_MAX + sizeof(".lock")];
	int lock;

	if (!listen_is_unix(listener))
		return -ENODEV;
	snprintf(path, sizeof(path), "%s.lock", listener->address.un.sun_path);
	lock = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
	return lock < 0 ? -errno : lock;
}

/* The lock file stays behind: who removed it could remove another one's. */
static int take_lock(struct listener *listener)
{
	const struct owner owner = { .pid = getpid(), .outcome = OWNER_DONE };
	struct text_quote quote;
	autoclose int lock = listen_open_lock(listener, O_RDWR | O_CREAT);

	text_quote(&quote, listener->address.un.sun_path);
	if (lock < 0) {
		log_error(
			"cannot listen on unix:%s: its lock file, the same with .lock at"
			" the end, cannot be opened: %s",
			quote.text, strerror(-lock));
		return -1;
	}
	if (flock(lock, LOCK_EX | LOCK_NB)) {
		if (errno == EWOULDBLOCK)
			tell_owned(quote.text, lock);
		else
			log_error("cannot listen on unix:%s: its lock file cannot be"
				  " locked: %s",
				  quote.text, strerror(errno));
		return -1;
	}
	owner_write(lock, &owner);
	listener->lock = util_steal_fd(&lock);
	return 0;
}

/* It is locked as it was; should it not be, it is from here on. */
bool listen_adopt_lock(struct listeners *listeners, int fd)
{
	struct stat given, own;

	if (fstat(fd, &given) || flock(fd, LOCK_EX | LOCK_NB))
		return false;
	for (size_t i = 0; i < listeners->count; i++) {
		struct listener *listener = &listeners->items[i];
		autoclose int lock = -1;

		if (!listen_is_unix(listener) || listener->lock >= 0)
			continue;
		lock = listen_open_lock(listener, O_RDONLY);
		if (lock < 0 || fstat(lock, &own) || own.st_dev != given.st_dev ||
		    own.st_ino != given.st_ino)
			continue;
		listener->lock = fd;
		return true;
	}
	return false;
}

void listen_tell_owner(const struct listeners *listeners, const struct owner *owner)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (listeners->items[i].lock >= 0)
			owner_write(listeners->items[i].lock, owner);
}

static int prepare_unix(struct listener *listener)
{
	static const char folder[] = DEFAULT_FOLDER "/";

	if (!strncmp(listener->address.un.sun_path, folder, strlen(folder)) &&
	    mkdir(DEFAULT_FOLDER, 0755) && errno != EEXIST) {
		log_error("cannot make the folder " DEFAULT_FOLDER ": %s",
			  strerror(errno));
		return -1;
	}
	return listener->lock >= 0 ? 0 : take_lock(listener);
}

static void prepare_optional(struct listener *listener)
{
	char name[LISTEN_TEXT_SIZE];
	int error = listen_probe(listener);

	if (error != -EAFNOSUPPORT && error != -EADDRNOTAVAIL)
		return;
	log_info("not listening on %s, there is no IPv6: %s",
		 listen_name(listener, 0, name), strerror(-error));
	listener->left_out = true;
}

int listen_prepare(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		struct listener *listener = &listeners->items[i];

		if (listen_is_unix(listener) && prepare_unix(listener))
			return -1;
		if (listener->optional)
			prepare_optional(listener);
	}
	return 0;
}

static socklen_t address_size(const struct listener *listener)
{
	switch (listener->address.any.sa_family) {
	case AF_UNIX:
		return sizeof(listener->address.un);
	case AF_INET6:
		return sizeof(listener->address.in6);
	default:
		return sizeof(listener->address.in);
	}
}

int listen_probe(const struct listener *listener)
{
	autoclose int fd = socket(listener->address.any.sa_family,
				  SOCK_STREAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return -errno;
	if (!listen_is_unix(listener))
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &listener->address.any, address_size(listener)))
		return -errno;
	if (listen_is_unix(listener)) {
		unlink(listener->address.un.sun_path);
		return 0;
	}
	return listen(fd, 1) ? -errno : 0;
}

void listen_set_port(struct listener *listener, uint16_t port)
{
	if (listener->address.any.sa_family == AF_INET && !listener->address.in.sin_port)
		listener->address.in.sin_port = htons(port);
	if (listener->address.any.sa_family == AF_INET6 &&
	    !listener->address.in6.sin6_port)
		listener->address.in6.sin6_port = htons(port);
}

void listen_done(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		util_close(&listeners->items[i].lock);
		listeners->items[i].lock = -1;
	}
	listeners->count = 0;
}

const char *listen_name(const struct listener *listener, int port,
			char buf[LISTEN_TEXT_SIZE])
{
	char host[INET6_ADDRSTRLEN];
	struct text_quote quote;

	if (listen_is_unix(listener)) {
		snprintf(buf, LISTEN_TEXT_SIZE, "unix:%s",
			 text_quote(&quote, listener->address.un.sun_path));
	} else if (listener->address.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &listener->address.in.sin_addr, host, sizeof(host));
		snprintf(buf, LISTEN_TEXT_SIZE, "%s:%d", host,
			 port ? port : ntohs(listener->address.in.sin_port));
	} else {
		inet_ntop(AF_INET6, &listener->address.in6.sin6_addr, host, sizeof(host));
		snprintf(buf, LISTEN_TEXT_SIZE, "[%s]:%d", host,
			 port ? port : ntohs(listener->address.in6.sin6_port));
	}
	return buf;
}

/* gRPC reads the path of a socket as that of a URI. */
static void percent_encode(char *buf, const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._~/";

	for (; *path; path++)
		if (strchr(plain, *path))
			*buf++ = *path;
		else
			buf += sprintf(buf, "%%%02X", (unsigned char)*path);
	*buf = '\0';
}

const char *listen_target(const struct listener *listener, char buf[LISTEN_TEXT_SIZE])
{
	static const char scheme[] = "unix:";

	if (!listen_is_unix(listener))
		return listen_name(listener, 0, buf);
	snprintf(buf, LISTEN_TEXT_SIZE, "%s", scheme);
	percent_encode(buf + strlen(scheme), listener->address.un.sun_path);
	return buf;
}
