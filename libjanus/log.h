/* SPDX-License-Identifier: MIT */
/*
 * The log hook. Called on the caller's thread only: the responder never comes here, for the
 * hook may open a guarded file.
 */
#ifndef JANUS_LOG_H
#define JANUS_LOG_H

#include <janus/context.h>

#include <stddef.h>

struct janus__log {
	janus_log_fn fn;
	void *userdata;
	uint32_t level;
};

/* Say one line, if the hook wants that level. The message must be escaped already. */
__attribute__((format(printf, 3, 4))) void
janus__log(const struct janus__log *log, uint32_t level, const char *format, ...);

/*
 * Write @text in one printable line: control characters, backslash, quote and bytes outside
 * ASCII become \n, \t, \\, \' or \xNN. Always terminated; cut with "..." where @size is too
 * small (at least 8). Returns @buf.
 */
const char *janus__escape(char *buf, size_t size, const char *text);

#endif
