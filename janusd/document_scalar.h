/* SPDX-License-Identifier: MIT */
/*
 * What a plain scalar of YAML means: the core schema of YAML 1.2. Pure.
 */
#ifndef JANUSD_DOCUMENT_SCALAR_H
#define JANUSD_DOCUMENT_SCALAR_H

#include <jansson.h>
#include <stddef.h>

/*
 * @text is terminated. Return: a null, boolean, number or string, the caller's; NULL: a number
 * that no number of ours can hold, or there is no memory.
 */
json_t *document_scalar(const char *text, size_t length);

#endif
