// SPDX-License-Identifier: MIT
#include "caller.h"
#include "clients.h"
#include "log.h"
#include "rpc_call.h"
#include "settings.h"

/* What he was seen as is no secret to him, and all that helps an operator. */
static void refuse(struct rpc_call *call, const struct caller *caller)
{
	static const char unlisted[] = "none of its names is listed for it";
	static const char unnamed[] = "it has shown no certificate with a name";
	char who[CALLER_TEXT_SIZE];
	struct status status;

	status_set(&status, STATUS_PERMISSION_DENIED,
		   "client: %s may not call this method: %s",
		   caller_text(caller, true, who),
		   caller->name_count ? unlisted : unnamed);
	log_warning("%s", status.message);
	rpc_call_refuse(call, &status);
}

bool rpc_admit(struct rpc_call *call, const struct rpc_method *method,
	       const struct settings *settings)
{
	const struct status no_memory = { STATUS_RESOURCE_EXHAUSTED,
					  "request: no memory" };
	uint32_t rpc_class = method->rpc_class ? method->rpc_class : RPC_CLASS_WRITE;
	cleanup(caller_done) struct caller caller = { 0 };
	char who[CALLER_TEXT_SIZE];
	struct client client;

	if (rpc_class == RPC_CLASS_READ && !settings->client_count)
		return true;
	if (caller_read(&caller, call->call)) {
		rpc_call_refuse(call, &no_memory);
		return false;
	}
	if (rpc_class & RPC_CLASS_WRITE)
		rpc_audit_begin(call, method->path + 1, caller_text(&caller, false, who));
	client = (struct client){ caller.is_local, caller.names, caller.name_count };
	if (clients_allow(settings, &client, rpc_class))
		return true;
	refuse(call, &caller);
	return false;
}
