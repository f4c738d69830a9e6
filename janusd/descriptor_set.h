/* SPDX-License-Identifier: MIT */
/*
 * The FileDescriptorSet of every .proto the server speaks, put into the program by the
 * build.
 */
#ifndef JANUSD_DESCRIPTOR_SET_H
#define JANUSD_DESCRIPTOR_SET_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t descriptor_set[];
extern const size_t descriptor_set_size;

#endif
