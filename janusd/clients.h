/* SPDX-License-Identifier: MIT */
/*
 * Who may call what, as the settings say. Pure: knows no gRPC. What is said to one who may not is
 * said elsewhere.
 */
#ifndef JANUSD_CLIENTS_H
#define JANUSD_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct client_settings;
struct settings;

/* Somebody by his names ("DNS:...", "URI:...", "CN:...") or, on a unix socket, by none. */
struct client {
	bool is_local;
	char *const *names;
	size_t name_count;
};

/*
 * Whether @client may call a method of @rpc_class, a value of enum rpc_class. Without a list
 * everybody may. With one, whoever comes over TCP needs a name that stands in it. A unix socket is
 * its owner's alone by its mode: he may do everything, or, if the list has users, what it says.
 */
bool clients_allow(const struct settings *settings, const struct client *client,
		   uint32_t rpc_class);

/*
 * The first in the list who can never connect, for the socket is @owner's alone: groups and other
 * users. Better refused than believed. Return: NULL: there is none.
 */
const struct client_settings *clients_cannot_serve(const struct settings *settings,
						   uid_t owner);

/* Whether a name of a certificate is what a pattern of the list means. */
bool clients_match(const char *pattern, const char *name);

#endif
