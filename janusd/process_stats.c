// SPDX-License-Identifier: MIT
#include "process_stats.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Fields of /proc/self/stat behind the name, which may hold anything: the third is the first. */
#define FIELDS                                                                           \
	" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64              \
	" %*d %*d %*d %*d %" SCNu64 " %*d %" SCNu64 " %" SCNu64 " %" SCNu64

static int read_stat(struct process_stats *ret, uint64_t *start_ticks)
{
	double ticks = (double)sysconf(_SC_CLK_TCK);
	uint64_t user, system, pages;
	char line[1024];
	const char *name_end;
	FILE *file = fopen("/proc/self/stat", "re");
	size_t length;

	if (!file)
		return -1;
	length = fread(line, 1, sizeof(line) - 1, file);
	fclose(file);
	line[length] = '\0';
	name_end = strrchr(line, ')');
	if (!name_end || sscanf(name_end + 1, FIELDS, &user, &system, &ret->threads,
				start_ticks, &ret->virtual_bytes, &pages) != 6)
		return -1;
	ret->cpu_seconds = (double)(user + system) / ticks;
	ret->resident_bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return 0;
}

static int count_fds(uint64_t *ret)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;
	uint64_t count = 0;

	if (!folder)
		return -1;
	while ((entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	closedir(folder);
	*ret = count - 1; /* without the one to look with */
	return 0;
}

/* When the machine was started, in whole seconds since 1970; it does not waver. */
static int read_boot_time(uint64_t *ret)
{
	FILE *file = fopen("/proc/stat", "re");
	char *line = NULL;
	size_t room = 0;
	int found = 0;

	if (!file)
		return -1;
	while (!found && getline(&line, &room, file) > 0)
		found = sscanf(line, "btime %" SCNu64, ret) == 1;
	free(line);
	fclose(file);
	return found ? 0 : -1;
}

int process_stats_read(struct process_stats *ret)
{
	struct process_stats stats = { 0 };
	struct rlimit limit;
	uint64_t start_ticks, boot_seconds;

	if (read_stat(&stats, &start_ticks) || count_fds(&stats.open_fds) ||
	    read_boot_time(&boot_seconds) || getrlimit(RLIMIT_NOFILE, &limit))
		return -1;
	stats.max_fds = limit.rlim_cur;
	stats.start_seconds = (double)boot_seconds +
			      (double)start_ticks / (double)sysconf(_SC_CLK_TCK);
	*ret = stats;
	return 0;
}
