// SPDX-License-Identifier: MIT
#include "notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "number.h"
#include "text.h"

#define MESSAGE_SIZE 512

/* Whoever listens may be busy. Longer than that nobody who opens a file shall be left alone. */
#define PATIENCE_USEC 250000

static const char *address(void)
{
	const char *text = getenv("NOTIFY_SOCKET");

	return text && *text ? text : NULL;
}

bool notify_is_wanted(void)
{
	return address();
}

/* A path, or an abstract name behind "@". Return: the length, 0 where it is neither. */
static socklen_t read_address(const char *text, struct sockaddr_un *ret)
{
	size_t length = strlen(text);

	if ((*text != '/' && *text != '@') || length < 2 ||
	    length >= sizeof(ret->sun_path))
		return 0;
	ret->sun_family = AF_UNIX;
	memcpy(ret->sun_path, text, length);
	if (*text == '@')
		ret->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

static void add_fd(struct msghdr *message, void *room, size_t size, int fd)
{
	struct cmsghdr *part;

	message->msg_control = room;
	message->msg_controllen = size;
	part = CMSG_FIRSTHDR(message);
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(part), &fd, sizeof(fd));
}

/* @fd: -1: none. Return: 0, or an errno. */
static int send_text(const char *text, int fd)
{
	autoclose int to = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const struct timeval patience = { .tv_usec = PATIENCE_USEC };
	struct sockaddr_un peer = { 0 };
	struct iovec part = { (void *)(uintptr_t)text, strlen(text) };
	struct msghdr message = { .msg_name = &peer, .msg_iov = &part, .msg_iovlen = 1 };
	union {
		struct cmsghdr aligned;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };

	if (to < 0)
		return errno;
	message.msg_namelen = read_address(address(), &peer);
	if (!message.msg_namelen)
		return EAFNOSUPPORT;
	if (fd >= 0)
		add_fd(&message, &control, sizeof(control), fd);
	setsockopt(to, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (sendmsg(to, &message, MSG_NOSIGNAL) < 0)
		return errno;
	return 0;
}

static int say(const char *text, int fd)
{
	struct text_quote quote;
	int error = address() ? send_text(text, fd) : 0;

	if (!error)
		return 0;
	log_warning("NOTIFY_SOCKET '%s' does not take \"%.*s\", which goes untold: %s",
		    text_quote(&quote, address()), (int)strcspn(text, "\n"), text,
		    strerror(error));
	return -1;
}

void notify_say(const char *format, ...)
{
	char text[MESSAGE_SIZE];
	va_list values;

	va_start(values, format);
	vsnprintf(text, sizeof(text), format, values);
	va_end(values);
	say(text, -1);
}

/* A group looks broken to a poll that knows nothing of it: it is not to be polled. */
int notify_store(const char *name, int fd)
{
	char text[MESSAGE_SIZE];

	snprintf(text, sizeof(text), "FDSTORE=1\nFDNAME=%s\nFDPOLL=0", name);
	return say(text, fd);
}

void notify_drop(const char *name)
{
	notify_say("FDSTOREREMOVE=1\nFDNAME=%s", name);
}

int64_t notify_watchdog_ns(void)
{
	const char *pid = getenv("WATCHDOG_PID"), *time = getenv("WATCHDOG_USEC");
	uint64_t usec, own;

	if (!address() || !time || number_parse(time, INT64_MAX / 1000, &usec))
		return 0;
	if (pid && (number_parse(pid, INT32_MAX, &own) || own != (uint64_t)getpid()))
		return 0;
	return (int64_t)usec * 1000;
}
