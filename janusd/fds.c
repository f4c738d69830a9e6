// SPDX-License-Identifier: MIT
#include "fds.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "log.h"

void fds_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		log_warning("cannot raise the limit of open files: %s", strerror(errno));
}

/* What has a number beyond a limit that was lowered takes none of those below it. */
bool fds_left(size_t count)
{
	struct dirent *entry;
	struct rlimit limit;
	rlim_t used = 0;
	DIR *folder;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return false;
	folder = opendir("/proc/self/fd");
	if (!folder)
		return false;
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			used += strtoul(entry->d_name, NULL, 10) < limit.rlim_cur;
	closedir(folder);
	return limit.rlim_cur - used >= count;
}
