// SPDX-License-Identifier: MIT
/*
 * What it costs to find a container on a busy node: many processes that have nothing to do
 * with it, and some that are its own.
 *
 * The floor is the pass over /proc that reads every process's cgroup, as one has to who knows
 * nothing of how cgroups are mounted. A look-up must be right in the same way: each process
 * that it names has been asked itself.
 *
 * usage: lookup [--processes N] [--own N] [--rounds N]
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <janus/container.h>

#include "enclosure.h"
#include "figures.h"
#include "kernel/harness.h"

#define ROUNDS_MAX 1000
#define DEADLINE_SECONDS 300

static int processes = 10000, own = 20, rounds = 15;

static char container_id[65], cgroup[256];
static pid_t *pids;

enum what { BARE, FIRST, CACHED, CENSUS, WHATS };

static double spent_ns[WHATS][ROUNDS_MAX];

static bool make_cgroup(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup/unified",
					     "/sys/fs/cgroup/pids", "/sys/fs/cgroup" };

	srandom((unsigned int)getpid());
	for (size_t i = 0; i < 64; i++)
		container_id[i] = "0123456789abcdef"[random() % 16];
	for (size_t i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
		snprintf(cgroup, sizeof(cgroup), "%s/%s", roots[i], container_id);
		if (mkdir(cgroup, 0755) == 0)
			return true;
	}
	return false;
}

/* Into the cgroup, and into a root of its own, or it would be taken for one that is not up. */
static void become_container(void)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1 || chroot(WORK) < 0)
		_exit(1);
	close(fd);
}

static void start_processes(void)
{
	int total = processes + own, ends[2];
	char byte;

	pids = calloc((size_t)total, sizeof(*pids));
	MUST(pipe(ends));
	for (int i = 0; i < total; i++) {
		pids[i] = fork_child();
		if (pids[i])
			continue;
		if (i < own)
			become_container();
		(void)!write(ends[1], "x", 1);
		for (;;)
			pause();
	}
	for (int i = 0; i < total; i++)
		MUST(read(ends[0], &byte, 1));
}

static bool remove_cgroup(void *arg)
{
	(void)arg;
	return rmdir(cgroup) == 0;
}

static void end_processes(void)
{
	for (int i = 0; i < processes + own; i++)
		kill(pids[i], SIGKILL);
	for (int i = 0; i < processes + own; i++)
		waitpid(pids[i], NULL, 0);
	WAIT_UNTIL(remove_cgroup, NULL);
	free(pids);
}

static void read_all_cgroups(void)
{
	static char text[65536];
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	CHECK(proc);
	while ((entry = readdir(proc))) {
		char path[300];
		int fd;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "%s/cgroup", entry->d_name);
		fd = openat(dirfd(proc), path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		while (read(fd, text, sizeof(text)) > 0)
			;
		close(fd);
	}
	closedir(proc);
}

static void look_up_alone(void)
{
	struct janus_container *container;

	CHECK_INT(janus_container_lookup(container_id, &container), 0);
	CHECK_INT(janus_container_get_pid_count(container), own);
	janus_container_destroy(container);
}

static void look_up_again(struct janus_containers *containers)
{
	const struct janus_container *container;

	CHECK_INT(janus_containers_lookup(containers, container_id, &container), 0);
	CHECK_INT(janus_container_get_pid_count(container), own);
}

static double since(int64_t begun_ns)
{
	return (double)(now_ns() - begun_ns);
}

static void measure(struct janus_containers *containers, int round)
{
	int64_t begun_ns = now_ns();

	read_all_cgroups();
	spent_ns[BARE][round] = since(begun_ns);
	begun_ns = now_ns();
	look_up_alone();
	spent_ns[FIRST][round] = since(begun_ns);
	begun_ns = now_ns();
	CHECK_INT(janus_containers_refresh(containers), 0);
	spent_ns[CENSUS][round] = since(begun_ns);
	begun_ns = now_ns();
	look_up_again(containers);
	spent_ns[CACHED][round] = since(begun_ns);
}

static void print(const char *what, enum what which)
{
	printf("%-36s %10.3f ms %10.4f of a bare pass over /proc\n", what,
	       median(spent_ns[which], (size_t)rounds) / 1e6,
	       median_ratio(spent_ns[which], spent_ns[BARE], (size_t)rounds));
}

static int run(const void *settings)
{
	struct janus_containers *containers;

	(void)settings;
	if (!make_cgroup()) {
		puts("SKIP: needs a cgroup hierarchy that can be written");
		return BENCH_SKIPPED;
	}
	start_processes();
	CHECK_INT(janus_containers_create(&containers, NULL), 0);
	print_machine("finding a container");
	printf("%d processes, %d of them the container's; %d rounds\n\n", processes + own,
	       own, rounds);
	for (int i = 0; i < rounds; i++)
		measure(containers, i);
	print("bare pass over /proc", BARE);
	print("look-up (goal 50 ms)", FIRST);
	print("census of all containers", CENSUS);
	print("cached look-up (goal 0.050 ms)", CACHED);
	janus_containers_destroy(containers);
	end_processes();
	return 0;
}

int main(int argc, char **argv)
{
	const struct bench_option options[] = {
		{ .name = "processes", .number = &processes, .max = 30000 },
		{ .name = "own", .number = &own, .max = 30000 },
		{ .name = "rounds", .number = &rounds, .max = ROUNDS_MAX },
		{ .name = NULL },
	};

	(void)argc;
	if (!read_options(argv, options))
		return 2;
	return run_enclosed(
		&(struct enclosure){ .run = run, .seconds = DEADLINE_SECONDS });
}
