/* SPDX-License-Identifier: MIT */
/*
 * Values of options: numbers, seconds, lists. Pure but for the lists' memory.
 */
#ifndef JANUSCTL_CMDLINE_VALUES_H
#define JANUSCTL_CMDLINE_VALUES_H

#include "cmdline.h"

/* From 1 to @max, less than UINT64_MAX / 10. Return: 0, or -1. */
int cmdline_value_number(uint64_t *ret, const char *text, uint64_t max);

/* Seconds, with or without decimals, of which three count. NULL, or what is wrong. */
const char *cmdline_value_timeout(int64_t *ret_ms, const char *text);

/* Return: 0, or -1: no memory. */
int cmdline_list_add(struct cmdline_list *list, const char *text, size_t length);
void cmdline_list_done(struct cmdline_list *list);

#endif
