/* SPDX-License-Identifier: MIT */
/*
 * An address as people write it, in gRPC's words. Pure.
 */
#ifndef JANUSCTL_TARGET_H
#define JANUSCTL_TARGET_H

/* unix:/PATH, HOST:PORT, [IPV6]:PORT become a URI. NULL: no memory. The caller frees it. */
char *target_create(const char *address);

#endif
