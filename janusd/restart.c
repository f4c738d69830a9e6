// SPDX-License-Identifier: MIT
#include "restart.h"

/*
 * At once, then 100 ms, 200 ms and so on: whatever kills worker after worker shall not take the
 * machine along. But one that was ready has shown that it can start; while openers wait, its
 * successor is not put off for longer than they do.
 */
int64_t restart_delay(struct restart *restart, int64_t lived_ns, bool was_ready)
{
	int64_t most = was_ready ? RESTART_READY_NS : RESTART_MOST_NS;
	int64_t delay = RESTART_FIRST_NS;

	restart->count++;
	if (lived_ns >= RESTART_SETTLED_NS)
		restart->quick = 0;
	if (!restart->quick++)
		return 0;
	for (uint32_t i = 2; i < restart->quick && delay < most; i++)
		delay *= 2;
	return delay < most ? delay : most;
}
