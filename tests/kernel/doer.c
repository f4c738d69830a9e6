// SPDX-License-Identifier: MIT
/*
 * Owns the other process and the socket to it. The child is single-threaded and never leaves
 * through exit(3): nothing of the testing process is to be flushed or checked twice.
 */
#include "doer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

/* Where the actor's end of the socket goes. */
#define ACTOR_FD 3

_Noreturn static void act(int fd)
{
	static struct deed deed;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (recv(fd, &deed, sizeof(deed), 0) == sizeof(deed)) {
		int result = deed.run(&deed);

		if (send(fd, &result, sizeof(result), MSG_NOSIGNAL) < 0)
			break;
	}
	_exit(0);
}

/* A copy of a context's fd would keep its guards alive. */
static int drop_fds(int fd)
{
	if (fd != ACTOR_FD)
		dup2(fd, ACTOR_FD);
	close_range(ACTOR_FD + 1, ~0u, 0);
	return ACTOR_FD;
}

static void start(struct actor *actor, bool heir)
{
	int fds[2];

	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds));
	fflush(stdout);
	actor->pid = (pid_t)MUST(fork());
	if (actor->pid == 0)
		act(heir ? fds[1] : drop_fds(fds[1]));
	close(fds[1]);
	actor->fd = fds[0];
}

void actor_start(struct actor *actor)
{
	start(actor, false);
}

void actor_start_heir(struct actor *actor)
{
	start(actor, true);
}

static void reap(struct actor *actor)
{
	close(actor->fd);
	MUST(waitpid(actor->pid, NULL, 0));
	actor->pid = 0;
	actor->fd = -1;
}

void actor_end(struct actor *actor)
{
	shutdown(actor->fd, SHUT_RDWR);
	reap(actor);
}

void actor_kill(struct actor *actor)
{
	MUST(kill(actor->pid, SIGKILL));
	reap(actor);
}

void actor_pause(struct actor *actor)
{
	int status;

	MUST(kill(actor->pid, SIGSTOP));
	MUST(waitpid(actor->pid, &status, WUNTRACED));
	CHECK(WIFSTOPPED(status));
}

void actor_resume(struct actor *actor)
{
	MUST(kill(actor->pid, SIGCONT));
}

void actor_begin(struct actor *actor, const struct deed *deed)
{
	CHECK_INT(send(actor->fd, deed, sizeof(*deed), MSG_NOSIGNAL), sizeof(*deed));
}

static bool wait_for_result(const struct actor *actor, int timeout_ms)
{
	struct pollfd fd = { .fd = actor->fd, .events = POLLIN };

	return poll(&fd, 1, timeout_ms) == 1;
}

int actor_finish(struct actor *actor)
{
	int result;

	CHECK(wait_for_result(actor, BOUND_MS));
	CHECK_INT(recv(actor->fd, &result, sizeof(result), 0), sizeof(result));
	return result;
}

int actor_do(struct actor *actor, const struct deed *deed)
{
	actor_begin(actor, deed);
	return actor_finish(actor);
}

bool actor_is_done(void *actor)
{
	return wait_for_result(actor, 0);
}

bool actor_waits(void *argument)
{
	const struct actor *actor = argument;
	char path[64], text[1024];
	const char *name_end;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", actor->pid);
	fd = (int)MUST(open(path, O_RDONLY | O_CLOEXEC));
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	CHECK(length > 0);
	text[length] = '\0';
	name_end = strrchr(text, ')');
	return name_end && strncmp(name_end, ") D ", 4) == 0;
}

void *shared_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(memory != MAP_FAILED);
	return memory;
}

int open_path(const struct deed *deed)
{
	int fd = open(deed->path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

int leave_mounts(const struct deed *deed)
{
	(void)deed;
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return -errno;
	return 0;
}

int enter_root(const struct deed *deed)
{
	return chroot(deed->path) < 0 || chdir("/") < 0 ? -errno : 0;
}

int hold_path(const struct deed *deed)
{
	int fd = open(deed->path, O_PATH | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int read_path(const struct deed *deed)
{
	int fd = open(deed->path, O_RDONLY | O_CLOEXEC);
	int result = 0;
	char byte;

	if (fd < 0)
		return -EPROTO;
	if (read(fd, &byte, 1) < 0)
		result = -errno;
	close(fd);
	return result;
}

static int list_path(const struct deed *deed)
{
	DIR *directory = opendir(deed->path);
	int result;

	if (!directory)
		return -errno;
	errno = 0;
	while (readdir(directory))
		;
	result = -errno;
	closedir(directory);
	return result;
}

static int exec_path(const struct deed *deed)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execl(deed->path, deed->path, (char *)NULL);
		_exit(errno);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EPROTO;
}

static int bind_path(const struct deed *deed)
{
	struct stat facts;

	if (stat(deed->path, &facts) < 0)
		return -errno;
	if (S_ISDIR(facts.st_mode)) {
		if (mkdir(deed->other, 0755) < 0)
			return -errno;
	} else {
		int fd = open(deed->other, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		if (fd < 0)
			return -errno;
		close(fd);
	}
	return mount(deed->path, deed->other, NULL, MS_BIND, NULL) < 0 ? -errno : 0;
}

static int do_with_path(struct actor *actor, int (*run)(const struct deed *deed),
			const char *path)
{
	struct deed deed = { .run = run };

	snprintf(deed.path, sizeof(deed.path), "%s", path);
	return actor_do(actor, &deed);
}

int try_open(struct actor *actor, const char *path)
{
	return do_with_path(actor, open_path, path);
}

int try_read(struct actor *actor, const char *path)
{
	return do_with_path(actor, read_path, path);
}

int try_list(struct actor *actor, const char *path)
{
	return do_with_path(actor, list_path, path);
}

int try_exec(struct actor *actor, const char *path)
{
	return do_with_path(actor, exec_path, path);
}

int try_bind(struct actor *actor, const char *from, const char *to)
{
	struct deed deed = { .run = bind_path };

	snprintf(deed.path, sizeof(deed.path), "%s", from);
	snprintf(deed.other, sizeof(deed.other), "%s", to);
	return actor_do(actor, &deed);
}

struct opening {
	struct actor *actor;
	const char *path;
};

static bool is_denied(void *argument)
{
	const struct opening *opening = argument;
	int result = try_open(opening->actor, opening->path);

	CHECK(result == 0 || result == -EPERM || result == -ENOENT);
	return result == -EPERM;
}

void wait_denied(struct actor *actor, const char *path)
{
	struct opening opening = { actor, path };

	WAIT_UNTIL(is_denied, &opening);
}
