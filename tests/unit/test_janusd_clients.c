// SPDX-License-Identifier: MIT
/*
 * Who may call what: patterns of certificates' names, classes of methods; and how a name that
 * came in a certificate is kept and told.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "caller.h"
#include "clients.h"
#include "settings.h"

#define BOTH (RPC_CLASS_READ | RPC_CLASS_WRITE)

static const struct settings *listing(const char *name, uint32_t classes)
{
	static struct settings settings;

	settings = settings_default;
	settings.clients[0] = (struct client_settings){ .name = name,
							.classes = classes };
	settings.client_count = 1;
	return &settings;
}

static bool may(const struct settings *settings, const char *name, uint32_t rpc_class)
{
	char copy[128];
	char *names[] = { "CN:somebody", copy };
	const struct client client = { .names = names, .name_count = 2 };

	snprintf(copy, sizeof(copy), "%s", name);
	return clients_allow(settings, &client, rpc_class);
}

Test(clients, without_a_list_everybody_may)
{
	const struct client nobody = { 0 };

	cr_expect(clients_allow(&settings_default, &nobody, RPC_CLASS_WRITE));
}

Test(clients, with_a_list_only_who_stands_in_it)
{
	const struct settings *settings = listing("DNS:a.example", BOTH);
	const struct client nobody = { 0 };

	cr_expect(may(settings, "DNS:a.example", RPC_CLASS_WRITE));
	cr_expect(may(settings, "DNS:A.Example", RPC_CLASS_READ));
	cr_expect_not(may(settings, "DNS:b.example", RPC_CLASS_READ));
	cr_expect_not(may(settings, "CN:a.example", RPC_CLASS_READ));
	cr_expect_not(clients_allow(settings, &nobody, RPC_CLASS_READ));
}

Test(clients, a_class_is_no_other)
{
	cr_expect(may(listing("CN:x", RPC_CLASS_READ), "CN:x", RPC_CLASS_READ));
	cr_expect_not(may(listing("CN:x", RPC_CLASS_READ), "CN:x", RPC_CLASS_WRITE));
	cr_expect_not(may(listing("CN:x", RPC_CLASS_WRITE), "CN:x", RPC_CLASS_READ));
	cr_expect_not(may(listing("CN:x", RPC_CLASS_READ), "CN:x", BOTH));
}

Test(clients, a_list_of_users_is_no_list_of_names)
{
	struct settings settings = settings_default;

	settings.clients[0] = (struct client_settings){ .by_uid = true, .classes = BOTH };
	settings.client_count = 1;
	cr_expect_not(may(&settings, "CN:x", RPC_CLASS_READ));
}

Test(clients, on_the_socket_there_is_only_its_owner)
{
	const struct client local = { .is_local = true };
	struct settings settings = *listing("CN:x", BOTH);

	cr_expect(clients_allow(&settings, &local, RPC_CLASS_WRITE));
	cr_expect_null(clients_cannot_serve(&settings, 0));
	settings.clients[1] = (struct client_settings){ .by_uid = true,
							.classes = RPC_CLASS_READ };
	settings.client_count = 2;
	cr_expect(clients_allow(&settings, &local, RPC_CLASS_READ));
	cr_expect_not(clients_allow(&settings, &local, RPC_CLASS_WRITE));
	cr_expect_null(clients_cannot_serve(&settings, 0));
	cr_expect_null(clients_cannot_serve(&settings, 7));
	settings.clients[1].uid = 5;
	cr_expect_null(clients_cannot_serve(&settings, 5));
	cr_expect_eq(clients_cannot_serve(&settings, 7), &settings.clients[1]);
	settings.clients[1] = (struct client_settings){ .by_gid = true, .classes = BOTH };
	cr_expect_eq(clients_cannot_serve(&settings, 0), &settings.clients[1]);
}

Test(clients, a_star_stays_within_one_part_of_a_uri)
{
	const char *pattern = "URI:spiffe://node/ns/*/sa/janus";

	cr_expect(clients_match(pattern, "URI:spiffe://node/ns/a/sa/janus"));
	cr_expect_not(clients_match(pattern, "URI:spiffe://node/ns/a/sa/b/sa/janus"));
	cr_expect_not(clients_match(pattern, "URI:spiffe://NODE/ns/a/sa/janus"));
	cr_expect_not(clients_match(pattern, "URI:spiffe://node/ns/a/sa/janus2"));
	cr_expect(clients_match("DNS:*.example", "DNS:a.example"));
}

static void add(struct caller *caller, const char *kind, const char *value, size_t length)
{
	cr_assert_eq(caller_add_name(caller, kind, value, length), 0);
}

Test(caller, a_name_with_a_nul_is_nobodys)
{
	struct caller caller = { 0 };

	add(&caller, "DNS:", "admin.example\0.evil", 19);
	add(&caller, "DNS:", "", 0);
	cr_expect_eq(caller.name_count, 0);
	caller_done(&caller);
}

Test(caller, names_are_escaped_and_one_line)
{
	struct caller caller = { 0 };
	char buf[CALLER_TEXT_SIZE];

	text_quote(&caller.address, "192.0.2.1:4\n5");
	add(&caller, "URI:", "spiffe://a/b", 12);
	add(&caller, "CN:", "a\nresult=OK", 11);
	cr_expect_str_eq(caller.names[1], "CN:a\\nresult=OK");
	cr_expect_str_eq(caller_text(&caller, false, buf),
			 "URI:spiffe://a/b@192.0.2.1:4\\n5");
	cr_expect_str_eq(caller_text(&caller, true, buf),
			 "URI:spiffe://a/b,CN:a\\nresult=OK@192.0.2.1:4\\n5");
	caller_done(&caller);
}

Test(caller, very_many_and_very_long_names_have_an_end)
{
	static char longest[1 << 16];
	struct caller caller = { 0 };
	char buf[CALLER_TEXT_SIZE];

	memset(longest, 'x', sizeof(longest));
	add(&caller, "DNS:", longest, sizeof(longest));
	cr_expect_eq(caller.name_count, 0);
	for (int i = 0; i < 1000; i++)
		add(&caller, "DNS:", longest, 2000);
	cr_expect_eq(caller.name_count, CALLER_NAMES_MAX);
	cr_expect(caller.has_more);
	cr_expect_lt(strlen(caller_text(&caller, true, buf)), CALLER_TEXT_SIZE);
	caller_done(&caller);
}
