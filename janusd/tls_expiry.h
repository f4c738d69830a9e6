/* SPDX-License-Identifier: MIT */
/* When a certificate ends. Pure: PEM text in, a number out. */
#ifndef JANUSD_TLS_EXPIRY_H
#define JANUSD_TLS_EXPIRY_H

#include <stdint.h>

/* Of the first certificate in @pem, in seconds since 1970. Return: 0: there is none to be read. */
int64_t tls_expiry_of(const char *pem);

#endif
