/* SPDX-License-Identifier: MIT */
/*
 * Relative paths and patterns made absolute. Pure.
 */
#ifndef JANUSCTL_WATCH_PATH_H
#define JANUSCTL_WATCH_PATH_H

#include <stdbool.h>

/*
 * @path, behind @folder if it is relative; "." and ".." in front of it are taken off first.
 * With @glob it is a pattern, and @folder, which is none, is escaped. @folder is not looked
 * at for an absolute path. The caller frees it. NULL: no memory.
 */
char *watch_path_absolute(const char *folder, const char *path, bool glob);

#endif
