/* SPDX-License-Identifier: MIT */
/*
 * Processes by what they are in or run: a look through /proc, of which no name is believed. Who
 * starts while it is under way may be missed.
 */
#ifndef JANUSD_PROCESSES_H
#define JANUSD_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The process in @cgroup or below it that started first. Return: its pid, 0: there is none, or
 * a negative errno.
 */
int processes_first_of_cgroup(const char *cgroup, int32_t *ret);

/*
 * Processes that run the file at @path, as we see it: of those with the same root and mounts one,
 * the first to start. @ret: at most @room of them; @ret_count: how many there are.
 * Return: 0, or a negative errno: the file cannot be looked at, or /proc.
 */
int processes_of_exe(const char *path, int32_t *ret, size_t room, size_t *ret_count);

/* Whether @text, of a /proc/PID/cgroup, has a line that names @cgroup or one below it. Pure. */
bool processes_is_in_cgroup(const char *text, const char *cgroup);

#endif
