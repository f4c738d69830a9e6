// SPDX-License-Identifier: MIT
#include "request.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "janus.pb-c.h"
#include "target.h"

static Janus__JanusdConfig *config_of(const struct cmdline *cmdline)
{
	Janus__JanusdConfig *config;
	uint8_t *bytes;
	size_t size;

	cr_assert_eq(request_create(cmdline, &bytes, &size), 0);
	config = janus__janusd_config__unpack(NULL, size, bytes);
	cr_assert_not_null(config);
	free(bytes);
	return config;
}

Test(janusctl_request, holds_what_is_given)
{
	char *cids[] = { (char *)"a", (char *)"b" }, *allow[] = { (char *)"/x" };
	char *deny[] = { (char *)"/y", (char *)"/z" }, *events[] = { (char *)"open" };
	char *keys[] = { (char *)"k", (char *)"l" },
	     *values[] = { (char *)"v", (char *)"" };
	int32_t pids[] = { 7, 8 };
	struct cmdline_subject subjects[] = {
		{ .allow = { allow, 1 },
		  .deny = { deny, 2 },
		  .events = { events, 1 },
		  .tag_keys = { keys, 2 },
		  .tag_values = { values, 2 },
		  .only_dir = true },
		{ .deny = { deny, 1 },
		  .events = { events, 1 },
		  .auto_allow_owner = true,
		  .audit = true },
	};
	struct cmdline cmdline = { .name = "w",
				   .node = "n",
				   .pod = "p",
				   .log_format = "{pod}",
				   .cids = { cids, 2 },
				   .pids = pids,
				   .pid_count = 2,
				   .subjects = subjects,
				   .subject_count = 2 };
	Janus__JanusdConfig *config = config_of(&cmdline);

	cr_assert_str_eq(config->name, "w");
	cr_assert_str_eq(config->nodename, "n");
	cr_assert_str_eq(config->podname, "p");
	cr_assert_str_eq(config->logformat, "{pod}");
	cr_assert_eq(config->n_pid, 2);
	cr_assert_eq(config->pid[1], 8);
	cr_assert_eq(config->n_cid, 2);
	cr_assert_str_eq(config->cid[1], "b");
	cr_assert_eq(config->n_subject, 2);
	cr_assert_str_eq(config->subject[0]->allow[0], "/x");
	cr_assert_eq(config->subject[0]->n_deny, 2);
	cr_assert_str_eq(config->subject[0]->event[0], "open");
	cr_assert(config->subject[0]->onlydir);
	cr_assert_not(config->subject[0]->audit);
	cr_assert_eq(config->subject[0]->n_tags, 2);
	cr_assert_str_eq(config->subject[0]->tags[0]->key, "k");
	cr_assert_str_eq(config->subject[0]->tags[0]->value, "v");
	cr_assert_str_eq(config->subject[0]->tags[1]->value, "");
	cr_assert_eq(config->subject[1]->n_allow, 0);
	cr_assert_not(config->subject[1]->onlydir);
	cr_assert(config->subject[1]->autoallowowner);
	cr_assert(config->subject[1]->audit);
	cr_assert_eq(config->subject[1]->n_tags, 0);
	janus__janusd_config__free_unpacked(config, NULL);
}

Test(janusctl_request, is_empty_where_nothing_is_given)
{
	Janus__JanusdConfig *config = config_of(&(struct cmdline){ .pod = "p" });

	cr_assert_str_eq(config->podname, "p");
	cr_assert_str_eq(config->name, "");
	cr_assert_str_eq(config->nodename, "");
	cr_assert_str_eq(config->logformat, "");
	cr_assert_eq(config->n_pid + config->n_cid + config->n_subject, 0);
	janus__janusd_config__free_unpacked(config, NULL);
}

Test(janusctl_target, spells_addresses_as_uris)
{
	static const struct {
		const char *address;
		const char *target;
	} cases[] = {
		{ "unix:/run/janus/janusd.sock", "unix:/run/janus/janusd.sock" },
		{ "unix:/a b/%41?x#y", "unix:/a%20b/%2541%3Fx%23y" },
		{ "unix:/\xc3\xa4", "unix:/%C3%A4" },
		{ "localhost:50051", "dns:///localhost:50051" },
		{ "[::1]:50051", "dns:///%5B::1%5D:50051" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *target = target_create(cases[i].address);

		cr_assert_str_eq(target, cases[i].target);
		free(target);
	}
}

Test(janusctl_escape, keeps_text_on_one_printable_line)
{
	char buf[64];

	cr_assert_str_eq(escape(buf, sizeof(buf), "a\nb\tc\rd\x1b\x7f\xff'\\"),
			 "a\\nb\\tc\\rd\\x1b\\x7f\\xff\\'\\\\");
	cr_assert_str_eq(escape_sentence(buf, sizeof(buf), "'a\\nb'\n\x1b"),
			 "'a\\nb'\\n\\x1b");
}

Test(janusctl_escape, cuts_what_does_not_fit)
{
	char buf[8];

	cr_assert_str_eq(escape(buf, sizeof(buf), "abcd"), "abcd");
	cr_assert_str_eq(escape(buf, sizeof(buf), "abcdefghij"), "abcd...");
	cr_assert_str_eq(escape(buf, sizeof(buf), "abc\xff"), "abc...");
}
