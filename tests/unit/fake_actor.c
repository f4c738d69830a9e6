// SPDX-License-Identifier: MIT
#include "fake_actor.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fake_proc.h"

struct fake_actor fake_actor;

static int own_openat(int dirfd, const char *path, int flags)
{
	int fd = fake_actor.failing_open && --fake_actor.failing_open == 0
			 ? -EMFILE
			 : janus__kernel_linux.openat(dirfd, path, flags);

	fake_actor.open_count += fd >= 0;
	fake_actor.status_reads += strstr(path, "/status") != NULL;
	return fd;
}

static int own_openat2(int dirfd, const char *path, const struct open_how *how)
{
	int fd = janus__kernel_linux.openat2(dirfd, path, how);

	fake_actor.open_count += fd >= 0;
	return fd;
}

static int own_close(int fd)
{
	fake_actor.open_count--;
	return janus__kernel_linux.close(fd);
}

static int own_pidfd_open(int32_t pid)
{
	(void)pid;
	return fake_actor.said.open_error ? fake_actor.said.open_error
					  : own_openat(fake_actor.proc.fd, ".", O_PATH);
}

static int own_pidfd_open_thread(int32_t tid)
{
	(void)tid;
	return fake_actor.said.thread_error ? fake_actor.said.thread_error
					    : own_openat(fake_actor.proc.fd, ".", O_PATH);
}

static int own_pidfd_info(int pidfd, struct janus__pidfd_info *ret)
{
	cr_assert_geq(pidfd, 0);
	if (!fake_actor.said.info_error)
		*ret = fake_actor.said.info;
	return fake_actor.said.info_error;
}

static int own_pidfd_alive(int pidfd)
{
	cr_assert_geq(pidfd, 0);
	return fake_actor.said.alive_error;
}

static ssize_t own_readlinkat(int dirfd, const char *path, char *buf, size_t size)
{
	size_t length = fake_actor.exe ? strlen(fake_actor.exe) : 0;

	if (fake_actor.exe_error)
		return fake_actor.exe_error;
	if (!fake_actor.exe)
		return janus__kernel_linux.readlinkat(dirfd, path, buf, size);
	if (length > size)
		length = size;
	memcpy(buf, fake_actor.exe, length);
	return (ssize_t)length;
}

void fake_actor_begin(void)
{
	fake_actor.kernel = janus__kernel_linux;
	fake_actor.kernel.openat = own_openat;
	fake_actor.kernel.openat2 = own_openat2;
	fake_actor.kernel.close = own_close;
	fake_actor.kernel.pidfd_open = own_pidfd_open;
	fake_actor.kernel.pidfd_open_thread = own_pidfd_open_thread;
	fake_actor.kernel.pidfd_info = own_pidfd_info;
	fake_actor.kernel.pidfd_alive = own_pidfd_alive;
	fake_actor.kernel.readlinkat = own_readlinkat;
	fake_actor.folder = fake_proc_create();
	cr_assert_eq(
		janus__proc_open(&fake_actor.kernel, fake_actor.folder, &fake_actor.proc),
		0);
	fake_actor.open_count = 0;
	fake_actor.said.thread_error = -ESRCH;
	fake_actor.said.info = (struct janus__pidfd_info){ 7, 1000, 100, 4711 };
}

void fake_actor_end(void)
{
	janus__proc_done(&fake_actor.proc);
	fake_proc_destroy();
}

void fake_actor_status(int32_t pid, int32_t parent, uint32_t uid, uint32_t gid)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "Name:\tx\nTgid:\t%d\nPPid:\t%d\nUid:\t1\t%u\t2\t3\nGid:\t1\t%u\t2\t3\n"
		 "NStgid:\t%d\t3\n",
		 pid, parent, uid, gid, pid);
	fake_proc_write(pid, "status", text);
}

void fake_actor_add(int32_t pid)
{
	char path[64];

	fake_actor_status(pid, 7, 1000, 100);
	fake_proc_write(pid, "comm", "worker\n");
	fake_proc_write(pid, "cgroup", FAKE_ACTOR_CGROUP);
	snprintf(path, sizeof(path), "%d/ns", pid);
	fake_proc_folder(path);
	fake_proc_text(path, "pid", "");
	snprintf(path, sizeof(path), "%d/exe", pid);
	fake_proc_link("/usr/bin/worker", path);
}
