// SPDX-License-Identifier: MIT
#include "cmdline.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 32
#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define CREATE "guard", "create", "--name", "web"
#define PATHS "--deny", "/etc/shadow", "--event", "open"

static struct cmdline cmdline;
static char error[CMDLINE_ERROR_SIZE];

static void teardown(void)
{
	cmdline_done(&cmdline);
}

TestSuite(janusctl_cmdline, .fini = teardown);

static int parse(const char *const *words)
{
	char *argv[WORDS_MAX + 2] = { (char *)"janusctl" };
	int argc = 1;

	for (; words[argc - 1]; argc++) {
		cr_assert_lt(argc, WORDS_MAX);
		argv[argc] = (char *)words[argc - 1];
	}
	cmdline_done(&cmdline);
	memset(&cmdline, 0, sizeof(cmdline));
	return cmdline_parse(&cmdline, argc, argv, error);
}

static void assert_refused(const char *const *words, const char *told)
{
	cr_assert_eq(parse(words), -1, "%s is not refused", told);
	cr_assert(strstr(error, told), "'%s' does not tell '%s'", error, told);
	cr_assert_null(strchr(error, '\n'));
}

Test(janusctl_cmdline, a_command_alone_has_defaults)
{
	cr_assert_eq(parse(ARGS("health")), 0);
	cr_assert_eq(cmdline.command, CMDLINE_HEALTH);
	cr_assert_str_eq(cmdline.address, "unix:/run/janus/janusd.sock");
	cr_assert_eq(cmdline.timeout_ms, 5000);
	cr_assert_null(cmdline.tls_ca_file);
	cr_assert_not(cmdline.json);
	cr_assert_eq(parse(ARGS("guard", "list")), 0);
	cr_assert_eq(cmdline.command, CMDLINE_GUARD_LIST);
}

Test(janusctl_cmdline, options_stand_anywhere)
{
	cr_assert_eq(parse(ARGS("--json", "guard", "--address", "localhost:1", "list",
				"--timeout=7")),
		     0);
	cr_assert_eq(cmdline.command, CMDLINE_GUARD_LIST);
	cr_assert(cmdline.json);
	cr_assert_str_eq(cmdline.address, "localhost:1");
	cr_assert_eq(cmdline.timeout_ms, 7000);
}

Test(janusctl_cmdline, options_stand_anywhere_for_posix_too)
{
	setenv("POSIXLY_CORRECT", "1", 1);
	cr_assert_eq(parse(ARGS("guard", "--json", "list")), 0);
	cr_assert(cmdline.json);
}

Test(janusctl_cmdline, create_takes_a_whole_guard)
{
	const struct cmdline_subject *first, *second;

	cr_assert_eq(parse(ARGS(CREATE, "--node", "n", "--pod", "p", "--cid", "a",
				"--cid", "docker://b", "--pid", "7", "--pid",
				"2147483647", "--log-format", "{pod}", "--allow", "/x")),
		     -1);
	cr_assert_eq(parse(ARGS("guard", "create", "--name=w", "--node", "n", "--pod",
				"p", "--cid", "a", "--cid", "docker://b", "--pid",
				"2147483647", "--log-format", "{pod}", "--allow", "/x",
				"--allow", "/y", PATHS ",exec", "--only-dir", "--subject",
				"--deny", "/z", "--event", "all")),
		     0);
	cr_assert_eq(cmdline.command, CMDLINE_GUARD_CREATE);
	cr_assert_str_eq(cmdline.name, "w");
	cr_assert_str_eq(cmdline.node, "n");
	cr_assert_str_eq(cmdline.pod, "p");
	cr_assert_str_eq(cmdline.log_format, "{pod}");
	cr_assert_eq(cmdline.cids.count, 2);
	cr_assert_str_eq(cmdline.cids.items[0], "a");
	cr_assert_str_eq(cmdline.cids.items[1], "docker://b");
	cr_assert_eq(cmdline.pid_count, 1);
	cr_assert_eq(cmdline.pids[0], 2147483647);
	cr_assert_eq(cmdline.subject_count, 2);
	first = &cmdline.subjects[0];
	second = &cmdline.subjects[1];
	cr_assert_eq(first->allow.count, 2);
	cr_assert_str_eq(first->allow.items[1], "/y");
	cr_assert_eq(first->deny.count, 1);
	cr_assert_eq(first->events.count, 2);
	cr_assert_str_eq(first->events.items[0], "open");
	cr_assert_str_eq(first->events.items[1], "exec");
	cr_assert(first->only_dir);
	cr_assert_eq(second->allow.count, 0);
	cr_assert_str_eq(second->deny.items[0], "/z");
	cr_assert_not(second->only_dir);
}

Test(janusctl_cmdline, flags_belong_to_their_subject)
{
	cr_assert_eq(parse(ARGS(CREATE, "--pid", "7", "--subject", PATHS, "--audit",
				"--subject", PATHS, "--auto-allow-owner")),
		     0);
	cr_assert_eq(cmdline.subject_count, 2);
	cr_assert(cmdline.subjects[0].audit);
	cr_assert_not(cmdline.subjects[0].auto_allow_owner);
	cr_assert_not(cmdline.subjects[1].audit);
	cr_assert(cmdline.subjects[1].auto_allow_owner);
}

Test(janusctl_cmdline, a_tags_value_holds_anything)
{
	const struct cmdline_subject *subject;

	cr_assert_eq(parse(ARGS(CREATE, "--pid", "7", PATHS, "--tag", "k=a=b,c", "--tag",
				"e=")),
		     0);
	subject = &cmdline.subjects[0];
	cr_assert_eq(subject->tag_keys.count, 2);
	cr_assert_eq(subject->tag_values.count, 2);
	cr_assert_str_eq(subject->tag_keys.items[0], "k");
	cr_assert_str_eq(subject->tag_values.items[0], "a=b,c");
	cr_assert_str_eq(subject->tag_values.items[1], "");
}

Test(janusctl_cmdline, paths_may_look_like_options)
{
	cr_assert_eq(
		parse(ARGS(CREATE, "--pid", "7", "--event", "open", "--deny", "--json")),
		0);
	cr_assert_str_eq(cmdline.subjects[0].deny.items[0], "--json");
	cr_assert_not(cmdline.json);
}

Test(janusctl_cmdline, destroy_takes_what_names_a_guard)
{
	cr_assert_eq(parse(ARGS("guard", "destroy", "--node", "n", "--pod", "p")), 0);
	cr_assert_eq(cmdline.command, CMDLINE_GUARD_DESTROY);
	cr_assert_eq(parse(ARGS("guard", "destroy", "--pod", "p", "--name", "w")), 0);
	cr_assert_eq(parse(ARGS("guard", "destroy", "--pid", "7")), 0);
	cr_assert_eq(parse(ARGS("guard", "destroy", "--name", "w")), 0);
}

Test(janusctl_cmdline, help_and_version_need_nothing_else)
{
	cr_assert_eq(parse(ARGS("--help")), 0);
	cr_assert_eq(cmdline.command, CMDLINE_HELP);
	cr_assert_eq(parse(ARGS("guard", "create", "--help")), 0);
	cr_assert_eq(cmdline.command, CMDLINE_HELP);
	cr_assert_eq(parse(ARGS("--version")), 0);
	cr_assert_eq(cmdline.command, CMDLINE_VERSION);
}

Test(janusctl_cmdline, refuses_unknown_commands)
{
	assert_refused(ARGS("--json"), "missing");
	assert_refused(ARGS("guards"), "'guards'");
	assert_refused(ARGS("guard"), "create, destroy, list");
	assert_refused(ARGS("guard", "make"), "'make'");
	assert_refused(ARGS("health", "now"), "'health'");
	assert_refused(ARGS("guard", "list", "all"), "'all'");
	assert_refused(ARGS("--", "guard", "list", "all"), "'all'");
}

Test(janusctl_cmdline, refuses_wrong_options)
{
	assert_refused(ARGS("health", "--nonsense"), "'--nonsense': no such option");
	assert_refused(ARGS("health", "-x"), "no such option");
	assert_refused(ARGS("health", "--timeout"), "the value is missing");
	assert_refused(ARGS("health", "--json=1"), "takes no value");
	assert_refused(ARGS("health", "--t"), "more than one");
	assert_refused(ARGS("health", "--x\n\x1b"), "\\n\\x1b");
}

Test(janusctl_cmdline, refuses_options_of_another_command)
{
	assert_refused(ARGS("health", "--pod", "p"), "'pod'");
	assert_refused(ARGS("guard", "list", "--pod", "p"), "'pod'");
	assert_refused(ARGS("guard", "destroy", "--pod", "p", "--cid", "a"), "'cid'");
	assert_refused(ARGS("guard", "destroy", "--pod", "p", "--deny", "/a"), "'deny'");
}

Test(janusctl_cmdline, refuses_half_a_guard)
{
	assert_refused(ARGS("guard", "create", "--pid", "7", PATHS), "--name is missing");
	assert_refused(ARGS(CREATE, PATHS), "--cid or --pid is missing");
	assert_refused(ARGS(CREATE, "--cid", "a", PATHS), "--pod is missing");
	assert_refused(ARGS(CREATE, "--pid", "7"), "--allow or --deny is missing");
	assert_refused(ARGS(CREATE, "--pid", "7", "--deny", "/a"),
		       "subject 1: --event is missing");
	assert_refused(ARGS(CREATE, "--pid", "7", PATHS, "--subject"), "subject 2");
	assert_refused(ARGS("guard", "destroy", "--node", "n"), "--pod is missing");
	assert_refused(ARGS("guard", "destroy", "--pod", "p", "--pid", "7"), "--pid");
}

Test(janusctl_cmdline, refuses_values_that_make_no_sense)
{
	static const char *const pids[] = { "0",  "-1", "2147483648",
					    "7x", "",   "99999999999999999999" };

	for (size_t i = 0; i < sizeof(pids) / sizeof(pids[0]); i++)
		assert_refused(ARGS(CREATE, PATHS, "--pid", pids[i]), "--pid");
	assert_refused(ARGS(CREATE, "--tag", "k"), "not KEY=VALUE");
	assert_refused(ARGS(CREATE, "--tag", "=v"), "not KEY=VALUE");
	assert_refused(ARGS(CREATE, "--event", ""), "an event is empty");
	assert_refused(ARGS(CREATE, "--event", "open,,exec"), "an event is empty");
	assert_refused(ARGS(CREATE, "--event", "open,"), "an event is empty");
	assert_refused(ARGS("guard", "destroy", "--pod", ""),
		       "'pod': the value is empty");
}

Test(janusctl_cmdline, reads_seconds)
{
	static const struct {
		const char *given;
		int64_t ms;
	} cases[] = {
		{ "1", 1000 },      { "0.5", 500 },        { "0.001", 1 },
		{ "2.0019", 2001 }, { "86400", 86400000 }, { "007", 7000 },
	};
	static const char *const wrong[] = {
		"0",
		"0.0009",
		"86401",
		"",
		"-1",
		"1s",
		".5",
		"5.",
		"1.2.3",
		"nan",
		"99999999999999999999999",
		"1e3",
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(parse(ARGS("health", "--timeout", cases[i].given)), 0);
		cr_assert_eq(cmdline.timeout_ms, cases[i].ms, "%s", cases[i].given);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(ARGS("health", "--timeout", wrong[i]), "--timeout");
}

Test(janusctl_cmdline, knows_addresses)
{
	static const char *const right[] = {
		"unix:/a b/%41", "localhost:50051", "10.0.0.1:1",
		"[::1]:50051",   "a-b.c:65535",
	};
	static const char *const wrong[] = {
		"unix:a",     "unix:",     "/run/s",   "localhost", "localhost:",
		":50051",     "::1:50051", "[::1]",    "[]:1",      "[x]:1",
		"dns:///a:1", "a:b",       "a:123456", "a b/c:1",   "[::1:1",
	};

	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		cr_assert_eq(parse(ARGS("health", "--address", right[i])), 0, "%s",
			     right[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(ARGS("health", "--address", wrong[i]), "--address");
}

Test(janusctl_cmdline, tls_needs_its_files)
{
	cr_assert_eq(parse(ARGS("health", "--tls-ca", "a")), 0);
	cr_assert_eq(parse(ARGS("health", "--tls-ca", "a", "--tls-cert", "b", "--tls-key",
				"c")),
		     0);
	cr_assert_str_eq(cmdline.tls_ca_file, "a");
	cr_assert_str_eq(cmdline.tls_cert_file, "b");
	cr_assert_str_eq(cmdline.tls_key_file, "c");
	assert_refused(ARGS("health", "--tls-ca", "a", "--tls-cert", "b"), "--tls-key");
	assert_refused(ARGS("health", "--tls-ca", "a", "--tls-key", "b"), "--tls-cert");
	assert_refused(ARGS("health", "--tls-cert", "a", "--tls-key", "b"), "--tls-ca");
	assert_refused(ARGS("health", "--tls-ca", ""), "empty");
}

Test(janusctl_cmdline, help_names_every_option)
{
	static const char *const names[] = {
		"--address",
		"--timeout",
		"--tls-ca",
		"--tls-cert",
		"--tls-key",
		"--json",
		"--help",
		"--version",
		"--name",
		"--node",
		"--pod",
		"--cid",
		"--pid",
		"--log-format",
		"--allow",
		"--deny",
		"--event",
		"--only-dir",
		"--auto-allow-owner",
		"--audit",
		"--tag",
		"--subject",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert(strstr(cmdline_help, names[i]), "%s", names[i]);
}

Test(janusctl_cmdline, a_look_at_containers_takes_an_id_and_json_only)
{
	cr_assert_eq(parse(ARGS("containers", "--json")), 0);
	cr_assert_eq(cmdline.command, CMDLINE_CONTAINERS);
	cr_assert(cmdline.json);
	cr_assert_eq(parse(ARGS("pids", "docker://abc")), 0);
	cr_assert_eq(cmdline.command, CMDLINE_PIDS);
	cr_assert_str_eq(cmdline.container, "docker://abc");
	assert_refused(ARGS("pids"), "missing");
	assert_refused(ARGS("pids", "a", "b"), "too many");
	assert_refused(ARGS("containers", "a"), "not one of");
	assert_refused(ARGS("containers", "--timeout", "3"), "does not take");
	assert_refused(ARGS("pids", "a", "--pod", "b"), "does not take");
}
