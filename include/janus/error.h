/* SPDX-License-Identifier: MIT */
/*
 * Errors are negative errno values; this header turns them into words.
 */
#ifndef JANUS_ERROR_H
#define JANUS_ERROR_H

#include <janus/types.h>

JANUS_BEGIN_DECLS

/**
 * janus_strerror() - What an error of this library means.
 * @error: a negative errno as returned by a janus_ call; a positive one is taken as its negative
 *
 * Return: one line in English; static, never NULL.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API const char *janus_strerror(int error);

/**
 * janus_event_kind_name() - The kernel's name of a kind, without FAN_: "OPEN_PERM".
 * @kind: one bit of enum janus_event_kind
 *
 * Return: static, never NULL; "UNKNOWN" for anything else.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API const char *janus_event_kind_name(uint32_t kind);

/**
 * janus_verdict_name() - "ALLOW", "DENY", "WOULD_DENY".
 * @verdict: a value of enum janus_verdict
 *
 * Return: static, never NULL; "UNKNOWN" for anything else.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API const char *janus_verdict_name(uint32_t verdict);

/**
 * janus_reason_name() - "rule", "owner", "other-watch", "failure", "exception", "deadline".
 * @reason: a value of enum janus_reason
 *
 * Return: static, never NULL; "unknown" for anything else.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API const char *janus_reason_name(uint32_t reason);

/**
 * janus_file_type_name() - "other", "file", "directory", "symlink".
 * @type: a value of enum janus_file_type
 *
 * Return: static, never NULL; "unknown" for anything else.
 * Threads: any.
 * Since: 0.1.0
 */
JANUS_API const char *janus_file_type_name(uint32_t type);

JANUS_END_DECLS

#endif
