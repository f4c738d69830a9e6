/* SPDX-License-Identifier: MIT */
/*
 * Reads the small files that TLS needs. The fd lives for one call.
 */
#ifndef JANUSCTL_PEM_H
#define JANUSCTL_PEM_H

#include <stddef.h>

/*
 * The text of a file of at most 1 MiB. Return: 0, and pem_free() is to be called, or -1 with
 * one line in @error.
 */
int pem_read(const char *path, char **ret, char *error, size_t error_size);

/* Also wipes it: it may be a private key. */
void pem_free(char *text);

#endif
