// SPDX-License-Identifier: MIT
#include "rate.h"

#define NS_PER_SECOND UINT64_C(1000000000)

/* Of a second's worth at least one fits, or nothing would ever pass. */
void rate_init(struct rate *ret, uint32_t per_second, uint32_t burst, int64_t now_ns)
{
	ret->per_second = per_second;
	ret->most = burst ? burst : 1;
	ret->tokens_ns = ret->most * NS_PER_SECOND;
	ret->then_ns = now_ns;
}

static void fill(struct rate *rate, int64_t now_ns)
{
	uint64_t most = rate->most * NS_PER_SECOND;
	uint64_t missing = most - rate->tokens_ns;
	uint64_t passed = now_ns > rate->then_ns ? (uint64_t)(now_ns - rate->then_ns) : 0;

	rate->then_ns = now_ns;
	if (passed > missing / rate->per_second)
		rate->tokens_ns = most;
	else
		rate->tokens_ns += passed * rate->per_second;
}

bool rate_take(struct rate *rate, int64_t now_ns)
{
	if (!rate->per_second)
		return true;
	fill(rate, now_ns);
	if (rate->tokens_ns < NS_PER_SECOND)
		return false;
	rate->tokens_ns -= NS_PER_SECOND;
	return true;
}
