// SPDX-License-Identifier: MIT
#include "rpc_counts.h"

#define UNKNOWN 2 /* the status of that name */

static const char unknown_method[] = "unknown";

void rpc_counts_add(struct rpc_counts *counts, const char *path, uint32_t code)
{
	struct rpc_count *count = counts->methods;
	const struct rpc_count *end = count + RPC_COUNTS_METHODS;
	const char *known;

	if (!path)
		path = unknown_method;
	if (code >= RPC_COUNTS_CODES)
		code = UNKNOWN;
	for (; count < end; count++) {
		known = atomic_load_explicit(&count->path, memory_order_relaxed);
		if (!known)
			atomic_store_explicit(&count->path, path, memory_order_release);
		if (!known || known == path)
			break;
	}
	if (count < end)
		atomic_fetch_add_explicit(&count->codes[code], 1, memory_order_relaxed);
}
