// SPDX-License-Identifier: MIT
/*
 * What a call changes, and who has asked for it: kept from its beginning, told with its status,
 * also where nobody is there any more to hear that. On the gRPC thread.
 */
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "rpc_call.h"
#include "util.h"

struct rpc_audit {
	const char *what;
	char *by, *guard, *pod;
};

void rpc_audit_begin(struct rpc_call *call, const char *what, const char *by)
{
	struct rpc_audit *audit = calloc(1, sizeof(*audit));

	if (!audit)
		abort(); /* as gRPC itself does where there is no memory */
	audit->what = what;
	audit->by = strdup(by);
	call->audit = audit;
}

void rpc_call_concerns(struct rpc_call *call, const char *guard, const char *pod)
{
	struct rpc_audit *audit = call->audit;

	if (!audit)
		return;
	free(audit->guard);
	free(audit->pod);
	audit->guard = guard ? strdup(guard) : NULL;
	audit->pod = pod ? strdup(pod) : NULL;
}

void rpc_audit_end(struct rpc_call *call, uint32_t code)
{
	const struct rpc_audit *audit = call->audit;

	if (!audit)
		return;
	audit_write(&(struct audit){
		.what = audit->what,
		.guard = audit->guard,
		.pod = audit->pod,
		.by = audit->by ? audit->by : "?",
		.code = code,
	});
	rpc_audit_free(call);
}

void rpc_audit_free(struct rpc_call *call)
{
	struct rpc_audit *audit = call->audit;

	call->audit = NULL;
	if (!audit)
		return;
	free(audit->by);
	free(audit->guard);
	free(audit->pod);
	free(audit);
}
