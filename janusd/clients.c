// SPDX-License-Identifier: MIT
#include "clients.h"

#include <fnmatch.h>
#include <string.h>

#include "settings.h"

/*
 * A star stays within one part of a URI, so that spiffe://cluster/ns/A/sa/B cannot be met by a
 * longer path. Names of hosts know no case.
 */
bool clients_match(const char *pattern, const char *name)
{
	static const char host[] = "DNS:";
	int flags = FNM_PATHNAME | FNM_NOESCAPE;

	if (!strncmp(name, host, strlen(host)))
		flags |= FNM_CASEFOLD;
	return !fnmatch(pattern, name, flags);
}

static bool is_meant(const struct client_settings *entry, const struct client *client)
{
	if (!entry->name)
		return false;
	for (size_t i = 0; i < client->name_count; i++)
		if (clients_match(entry->name, client->names[i]))
			return true;
	return false;
}

/* Who can connect to it is its owner, or root: there is nobody to be told apart. */
static bool allow_local(const struct settings *settings, uint32_t rpc_class)
{
	bool listed = false;

	for (size_t i = 0; i < settings->client_count; i++) {
		const struct client_settings *entry = &settings->clients[i];

		if (!entry->by_uid)
			continue;
		listed = true;
		if ((entry->classes & rpc_class) == rpc_class)
			return true;
	}
	return !listed;
}

const struct client_settings *clients_cannot_serve(const struct settings *settings,
						   uid_t owner)
{
	for (size_t i = 0; i < settings->client_count; i++) {
		const struct client_settings *entry = &settings->clients[i];

		if (entry->by_gid || (entry->by_uid && entry->uid && entry->uid != owner))
			return entry;
	}
	return NULL;
}

bool clients_allow(const struct settings *settings, const struct client *client,
		   uint32_t rpc_class)
{
	if (!settings->client_count)
		return true;
	if (client->is_local)
		return allow_local(settings, rpc_class);
	for (size_t i = 0; i < settings->client_count; i++)
		if ((settings->clients[i].classes & rpc_class) == rpc_class &&
		    is_meant(&settings->clients[i], client))
			return true;
	return false;
}
