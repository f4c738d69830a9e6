// SPDX-License-Identifier: MIT
#include "status.h"

#include <stdarg.h>
#include <stdio.h>

int status_set(struct status *status, uint32_t code, const char *format, ...)
{
	va_list values;

	status->code = code;
	va_start(values, format);
	vsnprintf(status->message, sizeof(status->message), format, values);
	va_end(values);
	return -1;
}

const char *status_name(uint32_t code)
{
	static const char *const names[] = {
		"OK",
		"CANCELLED",
		"UNKNOWN",
		"INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED",
		"NOT_FOUND",
		"ALREADY_EXISTS",
		"PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED",
		"FAILED_PRECONDITION",
		"ABORTED",
		"OUT_OF_RANGE",
		"UNIMPLEMENTED",
		"INTERNAL",
		"UNAVAILABLE",
		"DATA_LOSS",
		"UNAUTHENTICATED",
	};

	return code < ARRAY_COUNT(names) ? names[code] : "UNKNOWN";
}
