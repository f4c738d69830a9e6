// SPDX-License-Identifier: MIT
#include "watch_exe.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

const char *watch_exe_of(struct watch_exe *exe, int32_t pid)
{
	size_t index = (size_t)(uint32_t)pid % WATCH_EXE_SLOTS;
	char *path = exe->slots[index].path;

	if (pid <= 0)
		return NULL;
	if (exe->slots[index].batch != exe->batch || exe->slots[index].pid != pid) {
		char link[32];
		ssize_t length;

		snprintf(link, sizeof(link), "/proc/%" PRId32 "/exe", pid);
		length = readlink(link, path, sizeof(exe->slots[index].path) - 1);
		path[length > 0 ? length : 0] = '\0';
		exe->slots[index].batch = exe->batch;
		exe->slots[index].pid = pid;
	}
	return path[0] ? path : NULL;
}
