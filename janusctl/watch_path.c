// SPDX-License-Identifier: MIT
#include "watch_path.h"

#include <stdlib.h>
#include <string.h>

/* What is special in a pattern. */
#define PATTERN_BYTES "*?[\\"

/* Behind the first component and the slashes that follow. */
static const char *next_component(const char *path)
{
	path += strcspn(path, "/");
	return path + strspn(path, "/");
}

/* How much of the folder is left without its last component; "/" has none. */
static size_t parent_length(const char *folder, size_t length)
{
	while (length && folder[length - 1] != '/')
		length--;
	while (length && folder[length - 1] == '/')
		length--;
	return length;
}

char *watch_path_absolute(const char *folder, const char *path, bool glob)
{
	char *absolute, *at;
	size_t length;

	if (path[0] == '/')
		return strdup(path);
	length = strlen(folder);
	/* The folder has no symbolic links in it: its ".." is what stands before. */
	for (;; path = next_component(path)) {
		size_t name = strcspn(path, "/");

		if (name == 2 && strncmp(path, "..", name) == 0)
			length = parent_length(folder, length);
		else if (name != 1 || path[0] != '.')
			break;
	}
	while (length && folder[length - 1] == '/')
		length--;
	absolute = malloc(2 * length + strlen(path) + 2);
	if (!absolute)
		return NULL;
	at = absolute;
	for (size_t i = 0; i < length; i++) {
		if (glob && strchr(PATTERN_BYTES, folder[i]))
			*at++ = '\\';
		*at++ = folder[i];
	}
	if (at == absolute || path[0])
		*at++ = '/';
	memcpy(at, path, strlen(path) + 1);
	return absolute;
}
