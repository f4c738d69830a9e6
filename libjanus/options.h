/* SPDX-License-Identifier: MIT */
/*
 * Sized structs across the border: what an older or newer caller passes becomes the struct
 * this library knows, and back. Pure.
 */
#ifndef JANUS_OPTIONS_H
#define JANUS_OPTIONS_H

#include <stddef.h>

/*
 * Copy a caller's struct, whose first field is its size, into the @known bytes at @ret. What
 * the caller lacks becomes 0. -EINVAL: no size; -E2BIG: more than we know, and not zero.
 */
int janus__options_read(void *ret, size_t known, const void *given);

/*
 * Copy @known bytes at @from into a caller's struct as far as its size goes; the size field
 * itself stays. Errors as above, and then nothing is written.
 */
int janus__options_write(void *given, const void *from, size_t known);

#endif
