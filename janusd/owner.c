// SPDX-License-Identifier: MIT
#include "owner.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "number.h"

#define RECORD_SIZE (OWNER_OUTCOME_SIZE + 64)

/* Cut afterwards: whoever reads meanwhile finds the three lines whole. */
void owner_write(int lock, const struct owner *owner)
{
	char record[RECORD_SIZE];
	int length = snprintf(record, sizeof(record), "%jd\n%" PRIu64 "\n%s\n",
			      (intmax_t)owner->pid, owner->handovers, owner->outcome);

	if (pwrite(lock, record, (size_t)length, 0) != length || ftruncate(lock, length))
		log_warning("cannot write the pid into the lock file: %s",
			    strerror(errno));
}

/* Return: the line at *@next, terminated, NULL: there is no whole one. */
static char *next_line(char **next)
{
	char *line = *next;
	char *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*next = end + 1;
	return line;
}

int owner_read(int lock, struct owner *ret)
{
	char record[RECORD_SIZE];
	ssize_t length = pread(lock, record, sizeof(record) - 1, 0);
	char *next = record, *pid, *handovers, *outcome;
	uint64_t value;

	if (length < 0)
		return -1;
	record[length] = '\0';
	pid = next_line(&next);
	if (!pid || number_parse(pid, INT32_MAX, &value) || !value)
		return -1;
	ret->pid = (pid_t)value;
	handovers = next_line(&next);
	outcome = handovers ? next_line(&next) : NULL;
	if (!outcome || number_parse(handovers, UINT64_MAX, &ret->handovers))
		return -1;
	snprintf(ret->outcome, sizeof(ret->outcome), "%s", outcome);
	return 0;
}
