/* SPDX-License-Identifier: MIT */
/*
 * The line about every change, done or refused: what, to which guard, by whom, with which result.
 * From any thread.
 */
#ifndef JANUSD_AUDIT_H
#define JANUSD_AUDIT_H

#include <stdint.h>

struct audit {
	const char *what;  /* "janus.Janusd/CreateGuard", "reload" */
	const char *guard; /* NULL: not known. What it leads to is escaped here. */
	const char *pod;
	const char *by; /* escaped already */
	uint32_t code;  /* of enum status_code */
};

/* "janusd: audit: WHAT guard='GUARD' pod='POD' by=BY result=CODE" */
void audit_write(const struct audit *audit);

#endif
