/* SPDX-License-Identifier: MIT */
/*
 * Telling one process from the next one with its pid. Reads /proc, and believes no name there.
 */
#ifndef JANUSD_PROCESS_H
#define JANUSD_PROCESS_H

#include <stdint.h>

/*
 * When it started, in clock ticks since the start of the machine, for comparing only.
 * Return: 0: there is no such process, or it has ended and nobody has waited for it yet.
 */
uint64_t process_start_time(int32_t pid);

/* The same from the text of /proc/PID/stat. */
uint64_t process_parse_start_time(const char *stat);

#endif
