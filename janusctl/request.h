/* SPDX-License-Identifier: MIT */
/*
 * A command line as the bytes of a request. Pure.
 */
#ifndef JANUSCTL_REQUEST_H
#define JANUSCTL_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "cmdline.h"

/*
 * The JanusdConfig of guard create or guard destroy; the fields that the command does not have
 * are empty. The caller frees *@ret. Return: 0, or -1: no memory.
 */
int request_create(const struct cmdline *cmdline, uint8_t **ret, size_t *ret_size);

#endif
