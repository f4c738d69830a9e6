/* SPDX-License-Identifier: MIT */
/*
 * The census behind janus_containers_create(), with the kernel and the /proc of one's choice.
 */
#ifndef JANUS_INTERNAL_CONTAINERS_H
#define JANUS_INTERNAL_CONTAINERS_H

#include <janus/container.h>

#include "kernel.h"

int janus__containers_create(const struct janus__kernel *kernel, const char *proc_path,
			     const struct janus_containers_options *options,
			     struct janus_containers **ret);

#endif
