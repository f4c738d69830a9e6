/* SPDX-License-Identifier: MIT */
/*
 * How many calls have ended, by method and status. Written by the gRPC thread, read by any.
 */
#ifndef JANUSD_RPC_COUNTS_H
#define JANUSD_RPC_COUNTS_H

#include <stdatomic.h>
#include <stdint.h>

#define RPC_COUNTS_METHODS 64
#define RPC_COUNTS_CODES 17 /* gRPC has no more */

/* All zero at the beginning. */
struct rpc_counts {
	struct rpc_count {
		_Atomic(const char *) path; /* NULL: nobody's yet */
		atomic_uint_least64_t codes[RPC_COUNTS_CODES];
	} methods[RPC_COUNTS_METHODS];
};

/* @path: a constant, the same pointer each time; NULL: of a method that nobody knows. */
void rpc_counts_add(struct rpc_counts *counts, const char *path, uint32_t code);

#endif
