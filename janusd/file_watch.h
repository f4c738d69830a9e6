/* SPDX-License-Identifier: MIT */
/*
 * Whether the configuration file or a manifest has changed: told once they have been left alone
 * for a moment. Looks at folders, since files are replaced by renaming; knows no content. On the
 * main thread.
 */
#ifndef JANUSD_FILE_WATCH_H
#define JANUSD_FILE_WATCH_H

#include <stdbool.h>

struct file_watch;

/* Return: 0, or a negative errno. */
int file_watch_create(struct file_watch **ret);
void file_watch_destroy(struct file_watch *watch);

/*
 * Which they are from now on; NULL: none. A folder that is not there is not looked at.
 */
void file_watch_set(struct file_watch *watch, const char *file, const char *folder);

/* Readable when file_watch_take() has news. */
int file_watch_get_fd(const struct file_watch *watch);

/* Return: whether there was a change. Does not wait. */
bool file_watch_take(struct file_watch *watch);

#endif
