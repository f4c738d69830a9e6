// SPDX-License-Identifier: MIT
/*
 * Owns what the options of events mean in the request. Every text is borrowed from the command
 * line, whose words have been checked.
 */
#include "event_request.h"

#include <stdlib.h>

#include "event_words.h"
#include "janus/v1/guard_service.pb-c.h"
#include "util.h"

int event_request_create(const struct cmdline *cmdline, uint8_t **ret, size_t *ret_size)
{
	const struct cmdline_events *given = &cmdline->events;
	Janus__V1__StreamEventsRequest message = JANUS__V1__STREAM_EVENTS_REQUEST__INIT;
	autofree Janus__V1__Verdict *verdicts = calloc(given->verdicts.count + 1,
						       sizeof(*verdicts));
	autofree Janus__V1__EventKind *kinds = calloc(given->kinds.count + 1,
						      sizeof(*kinds));
	uint8_t *bytes;

	if (!verdicts || !kinds)
		return -1;
	for (size_t i = 0; i < given->verdicts.count; i++)
		verdicts[i] = (Janus__V1__Verdict)event_verdict_called(
			given->verdicts.items[i]);
	for (size_t i = 0; i < given->kinds.count; i++)
		kinds[i] = (Janus__V1__EventKind)event_kind_called(given->kinds.items[i]);
	message.n_guards = given->guards.count;
	message.guards = given->guards.items;
	message.n_pods = given->pods.count;
	message.pods = given->pods.items;
	message.n_verdicts = given->verdicts.count;
	message.verdicts = verdicts;
	message.n_kinds = given->kinds.count;
	message.kinds = kinds;
	/* Packing only reads, whatever the type says. */
	if (given->path)
		message.path_glob = (char *)given->path;
	message.from_oldest = given->from_oldest;
	bytes = malloc(janus__v1__stream_events_request__get_packed_size(&message) + 1);
	if (!bytes)
		return -1;
	*ret_size = janus__v1__stream_events_request__pack(&message, bytes);
	*ret = bytes;
	return 0;
}
