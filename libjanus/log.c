// SPDX-License-Identifier: MIT
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util.h"

#define MESSAGE_SIZE 1024

void janus__log(const struct janus__log *log, uint32_t level, const char *format, ...)
{
	char message[MESSAGE_SIZE];
	va_list args;

	if (!log->fn || level > log->level)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	log->fn(log->userdata, level, message);
}

/* One byte as it shall be printed; returns its length, at most 4. */
static size_t escape_byte(char out[5], unsigned char byte)
{
	static const char from[] = "\n\t\r\\'";
	static const char to[] = "ntr\\'";
	const char *special = byte ? strchr(from, byte) : NULL;

	if (special)
		return (size_t)snprintf(out, 5, "\\%c", to[special - from]);
	if (byte < 0x20 || byte >= 0x7f)
		return (size_t)snprintf(out, 5, "\\x%02x", byte);
	out[0] = (char)byte;
	return 1;
}

const char *janus__escape(char *buf, size_t size, const char *text)
{
	static const char cut[] = "...";
	size_t used = 0;

	for (; *text; text++) {
		char piece[5];
		size_t length = escape_byte(piece, (unsigned char)*text);

		if (used + length + sizeof(cut) > size) {
			memcpy(buf + used, cut, sizeof(cut));
			return buf;
		}
		memcpy(buf + used, piece, length);
		used += length;
	}
	buf[used] = '\0';
	return buf;
}
