// SPDX-License-Identifier: MIT
/*
 * Owns how an address becomes a URI: a socket's path may hold any byte, and gRPC would take
 * what does not parse as a URI for the name of a host.
 */
#include "target.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (c && strchr("/.-_~:", c));
}

char *target_create(const char *address)
{
	static const char unix_scheme[] = "unix:";
	bool is_unix = strncmp(address, unix_scheme, strlen(unix_scheme)) == 0;
	const char *rest = is_unix ? address + strlen(unix_scheme) : address;
	const char *scheme = is_unix ? unix_scheme : "dns:///";
	char *target = malloc(strlen(scheme) + 3 * strlen(rest) + 1);
	char *at;

	if (!target)
		return NULL;
	at = target + sprintf(target, "%s", scheme);
	for (; *rest; rest++)
		at += sprintf(at, is_plain(*rest) ? "%c" : "%%%02X",
			      (unsigned char)*rest);
	return target;
}
