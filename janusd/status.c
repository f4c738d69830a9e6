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
