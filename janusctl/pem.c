// SPDX-License-Identifier: MIT
#include "pem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "escape.h"

#define PEM_MAX_BYTES (1 << 20)

static int fail(const char *path, const char *cause, char *error, size_t error_size)
{
	char escaped[256];

	snprintf(error, error_size, "cannot read the TLS file '%s': %s",
		 escape(escaped, sizeof(escaped), path), cause);
	return -1;
}

/* Return: how many bytes, or a negative errno. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t length = read(fd, buf + used, size - used);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return -errno;
		if (!length)
			break;
		used += (size_t)length;
	}
	return (ssize_t)used;
}

/* Return: NULL, or what is wrong. */
static const char *read_regular(int fd, char *buf)
{
	struct stat about;
	ssize_t length;

	if (fstat(fd, &about))
		return strerror(errno);
	if (!S_ISREG(about.st_mode))
		return "not a regular file";
	length = read_all(fd, buf, PEM_MAX_BYTES + 1);
	if (length < 0)
		return strerror((int)-length);
	if (length > PEM_MAX_BYTES)
		return "more than 1 MiB";
	buf[length] = '\0';
	if (!length || strlen(buf) != (size_t)length)
		return "not PEM";
	return NULL;
}

int pem_read(const char *path, char **ret, char *error, size_t error_size)
{
	/* Without O_NONBLOCK a fifo of that name would hold us for ever. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *cause;
	char *buf;

	if (fd < 0)
		return fail(path, strerror(errno), error, error_size);
	buf = calloc(1, PEM_MAX_BYTES + 2);
	cause = buf ? read_regular(fd, buf) : "no memory";
	close(fd);
	if (!cause) {
		*ret = buf;
		return 0;
	}
	pem_free(buf);
	return fail(path, cause, error, error_size);
}

void pem_free(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}
