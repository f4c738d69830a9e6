/* SPDX-License-Identifier: MIT */
/*
 * How a request ended: a code with the numbers of gRPC, and a message that names field,
 * value and cause. Needs no gRPC, so that what decides can be tested without it.
 */
#ifndef JANUSD_STATUS_H
#define JANUSD_STATUS_H

#include <stdint.h>

#include "util.h"

enum status_code {
	STATUS_OK = 0,
	STATUS_CANCELLED = 1,
	STATUS_INVALID_ARGUMENT = 3,
	STATUS_NOT_FOUND = 5,
	STATUS_PERMISSION_DENIED = 7,
	STATUS_RESOURCE_EXHAUSTED = 8,
	STATUS_FAILED_PRECONDITION = 9,
	STATUS_ABORTED = 10,
	STATUS_UNIMPLEMENTED = 12,
	STATUS_INTERNAL = 13,
	STATUS_UNAVAILABLE = 14,
};

#define STATUS_MESSAGE_SIZE 1024

struct status {
	uint32_t code; /* a value of enum status_code */
	char message[STATUS_MESSAGE_SIZE];
};

/*
 * What is put in must be escaped already. Always returns -1, for the caller to return it.
 */
format_like_printf(3, 4) int status_set(struct status *status, uint32_t code,
					const char *format, ...);

/* As gRPC spells it: "OK", "PERMISSION_DENIED". Static. */
const char *status_name(uint32_t code);

#endif
