// SPDX-License-Identifier: MIT
#include "adopt.h"

#include <janus/error.h>
#include <janus/keep.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "handed.h"
#include "log.h"
#include "util.h"

/* Nobody looks after openers meanwhile. It is drained already: it has nothing left to do. */
#define LEAVE_MS 1000

/* Above all numbers that are taken soon. */
#define ASIDE_FD 200

/* So that it ends, whoever else comes. */
#define DENIED_MAX 65536

static bool has_ended(int pidfd)
{
	struct pollfd ended = { .fd = pidfd, .events = POLLIN };

	return pidfd >= 0 && poll(&ended, 1, LEAVE_MS) == 1;
}

static void end_worker(pid_t pid)
{
	autoclose int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	kill(pid, SIGUSR2);
	if (!has_ended(pidfd)) {
		log_warning("worker %d of the last janusd does not leave, and is killed:"
			    " what it has read and not answered is answered as by"
			    " --on-failure",
			    (int)pid);
		kill(pid, SIGKILL);
	}
	waitpid(pid, NULL, 0);
}

static void move(int *fd, int least)
{
	int moved = fcntl(*fd, F_DUPFD_CLOEXEC, least);

	if (moved < 0)
		return;
	close(*fd);
	*fd = moved;
}

/* Who is killed closes the highest one first: that has to be the group that is asked first. */
static void put_in_order(struct handed *handed)
{
	for (size_t i = 1; i < handed->keep_count; i++)
		if (handed->keep[i] < handed->keep[i - 1])
			move(&handed->keep[i], handed->keep[i - 1] + 1);
}

/* The numbers that are free when the next keep is made must not become fewer. */
static void put_aside(struct handed *handed)
{
	for (size_t i = 0; i < handed->keep_count; i++)
		move(&handed->keep[i], ASIDE_FD);
}

int adopt_keep(struct janus_keep **ret, struct handed *handed)
{
	int error;

	if (handed->worker)
		end_worker(handed->worker);
	handed->worker = 0;
	put_in_order(handed);
	error = janus_keep_adopt(ret, handed->keep, handed->keep_count);
	if (!error) {
		handed->keep_count = 0;
		return 0;
	}
	put_aside(handed);
	log_error("what the last janusd has marked cannot be taken over: %s%s; its guards"
		  " are put in force anew, and openers wait for that, a second at most",
		  janus_strerror(error),
		  error == -EPROTO ? " (its libjanus is of another version)" : "");
	return -1;
}

/* Return: false: there is nobody more. */
static bool deny_next(int group)
{
	struct pollfd ready = { .fd = group, .events = POLLIN };
	struct fanotify_event_metadata event;
	struct fanotify_response denied = { .response = FAN_DENY };

	if (poll(&ready, 1, 0) != 1 ||
	    read(group, &event, sizeof(event)) != sizeof(event))
		return false;
	if (event.fd < 0)
		return true;
	denied.fd = event.fd;
	if (write(group, &denied, sizeof(denied)) != sizeof(denied))
		log_warning("somebody who waits cannot be denied: %s", strerror(errno));
	close(event.fd);
	return true;
}

/* The first of a keep's fds is the ledger. */
void adopt_give_up(struct handed *handed, bool deny)
{
	/* Who is denied by the one that is asked first does not come to the other one. */
	for (size_t i = handed->keep_count; deny && i-- > 1;)
		for (int count = 0; count < DENIED_MAX; count++)
			if (!deny_next(handed->keep[i]))
				break;
	handed_done(handed);
}
