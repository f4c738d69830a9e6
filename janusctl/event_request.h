/* SPDX-License-Identifier: MIT */
/*
 * A command line as the bytes of a StreamEventsRequest. Pure.
 */
#ifndef JANUSCTL_EVENT_REQUEST_H
#define JANUSCTL_EVENT_REQUEST_H

#include <stddef.h>
#include <stdint.h>

#include "cmdline.h"

/* The caller frees *@ret. Return: 0, or -1: no memory. */
int event_request_create(const struct cmdline *cmdline, uint8_t **ret, size_t *ret_size);

#endif
