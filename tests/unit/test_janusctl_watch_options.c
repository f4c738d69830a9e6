// SPDX-License-Identifier: MIT
#include "cmdline.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <janus/types.h>

#define WORDS_MAX 32
#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static struct cmdline cmdline;
static const struct cmdline_watch *const watch = &cmdline.watch;
static char error[CMDLINE_ERROR_SIZE];

static void teardown(void)
{
	cmdline_done(&cmdline);
}

TestSuite(janusctl_watch_options, .fini = teardown);

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

Test(janusctl_watch_options, a_path_is_enough)
{
	cr_assert_eq(parse(ARGS("watch", "/srv")), 0);
	cr_assert_eq(cmdline.command, CMDLINE_WATCH);
	cr_assert_eq(watch->paths.count, 1);
	cr_assert_str_eq(watch->paths.items[0], "/srv");
	cr_assert_eq(cmdline.timeout_ms, 0);
	cr_assert_eq(watch->events, 0);
	cr_assert_eq(watch->depth, 0);
	cr_assert_eq(watch->count, 0);
	cr_assert_not(watch->recursive);
	cr_assert_not(watch->verbose);
	cr_assert_not(cmdline.json);
}

Test(janusctl_watch_options, takes_all_at_once)
{
	cr_assert_eq(parse(ARGS("--json", "watch", "-rv", "--depth", "3", "--ignore",
				"*.o", "--ignore=/proc", "--events", "create,delete",
				"--timeout", "2.5", "--count", "10", "--one-filesystem",
				"--include-stalling", "--wait", "--glob", "--cid", "abc",
				"/a", "/b")),
		     0, "%s", error);
	cr_assert(cmdline.json);
	cr_assert(watch->recursive);
	cr_assert(watch->verbose);
	cr_assert_eq(watch->depth, 3);
	cr_assert_eq(watch->ignore.count, 2);
	cr_assert_str_eq(watch->ignore.items[0], "*.o");
	cr_assert_str_eq(watch->ignore.items[1], "/proc");
	cr_assert_eq(watch->events, JANUS_EVENT_CREATE | JANUS_EVENT_DELETE);
	cr_assert_eq(cmdline.timeout_ms, 2500);
	cr_assert_eq(watch->count, 10);
	cr_assert(watch->one_filesystem);
	cr_assert(watch->include_stalling);
	cr_assert(watch->wait);
	cr_assert(watch->glob);
	cr_assert_eq(cmdline.cids.count, 1);
	cr_assert_eq(watch->paths.count, 2);
	cr_assert_str_eq(watch->paths.items[1], "/b");
}

Test(janusctl_watch_options, each_flag_is_its_own)
{
	cr_assert_eq(parse(ARGS("watch", "--wait", "/a")), 0);
	cr_assert(watch->wait && !watch->glob && !watch->recursive && !watch->verbose &&
		  !watch->one_filesystem && !watch->include_stalling);
	cr_assert_eq(parse(ARGS("watch", "--glob", "/a")), 0);
	cr_assert(watch->glob && !watch->wait);
	cr_assert_eq(parse(ARGS("watch", "--include-stalling", "/a")), 0);
	cr_assert(watch->include_stalling && !watch->glob && !watch->one_filesystem);
	cr_assert_eq(parse(ARGS("watch", "--verbose", "/a")), 0);
	cr_assert(watch->verbose && !watch->recursive);
	cr_assert_eq(parse(ARGS("watch", "--recursive", "/a")), 0);
	cr_assert(watch->recursive && !watch->verbose);
}

Test(janusctl_watch_options, paths_are_whatever_is_no_option)
{
	cr_assert_eq(parse(ARGS("watch", "guard", "-r", "list", "--", "-v", "watch")), 0);
	cr_assert_eq(watch->paths.count, 4);
	cr_assert_str_eq(watch->paths.items[0], "guard");
	cr_assert_str_eq(watch->paths.items[2], "-v");
	cr_assert_str_eq(watch->paths.items[3], "watch");
	cr_assert(watch->recursive);
	cr_assert_not(watch->verbose);
}

Test(janusctl_watch_options, every_kind_has_its_name)
{
	static const struct {
		const char *name;
		uint32_t events;
	} cases[] = {
		{ "create", JANUS_EVENT_CREATE },
		{ "modify", JANUS_EVENT_MODIFY },
		{ "close_write", JANUS_EVENT_CLOSE_WRITE },
		{ "attrib", JANUS_EVENT_ATTRIB },
		{ "delete", JANUS_EVENT_DELETE },
		{ "rename", JANUS_EVENT_RENAME },
		{ "open", JANUS_EVENT_OPEN },
		{ "access", JANUS_EVENT_ACCESS },
		{ "exec", JANUS_EVENT_EXEC },
		{ "all", JANUS_EVENT_ALL_OBSERVATION },
		{ "exec,open,exec", JANUS_EVENT_EXEC | JANUS_EVENT_OPEN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_assert_eq(parse(ARGS("watch", "/a", "--events", cases[i].name)), 0);
		cr_assert_eq(watch->events, cases[i].events, "%s", cases[i].name);
	}
	cr_assert_eq(parse(ARGS("watch", "/", "--events", "open", "--events", "exec")),
		     0);
	cr_assert_eq(watch->events, JANUS_EVENT_OPEN | JANUS_EVENT_EXEC);
}

Test(janusctl_watch_options, refuses_what_is_no_kind)
{
	static const char *const wrong[] = { "",      "opens",    "ope",  "open,",
					     ",open", "a,,b",     "OPEN", "close",
					     "gap",   "open exec" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_refused(ARGS("watch", "/a", "--events", wrong[i]), "--events");
}

Test(janusctl_watch_options, refuses_numbers_that_are_none)
{
	static const char *const wrong[] = {
		"", "0", "-1", "1x", "x", "1.5", "99999999999999999999"
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_refused(ARGS("watch", "-r", "/a", "--depth", wrong[i]), "--depth");
		assert_refused(ARGS("watch", "/a", "--count", wrong[i]), "--count");
	}
	assert_refused(ARGS("watch", "-r", "/a", "--depth", "4294967296"), "--depth");
	cr_assert_eq(parse(ARGS("watch", "-r", "/a", "--depth", "4294967295")), 0);
	cr_assert_eq(watch->depth, UINT32_MAX);
	cr_assert_eq(parse(ARGS("watch", "/a", "--count", "1000000000000000000")), 0);
	cr_assert_eq(watch->count, UINT64_C(1000000000000000000));
}

Test(janusctl_watch_options, what_is_for_trees_needs_one)
{
	assert_refused(ARGS("watch", "/a", "--depth", "1"), "--depth is for trees");
	assert_refused(ARGS("watch", "/a", "--ignore", "x"), "--ignore is for trees");
	assert_refused(ARGS("watch", "/a", "--one-filesystem"),
		       "--one-filesystem is for trees");
	assert_refused(ARGS("watch", "-r", "/a", "--ignore", ""), "the pattern is empty");
}

Test(janusctl_watch_options, refuses_paths_that_name_nothing)
{
	assert_refused(ARGS("watch"), "a path is missing");
	assert_refused(ARGS("watch", "-r", "--json"), "a path is missing");
	assert_refused(ARGS("watch", "/a", ""), "the path is empty");
	assert_refused(ARGS("watch", "--pid", "1", "a\n"), "'a\\n': not absolute");
	assert_refused(ARGS("watch", "--cid", "abc", "/a", "./b"), "'./b': not absolute");
	cr_assert_eq(parse(ARGS("watch", "a", ".", "..")), 0);
}

Test(janusctl_watch_options, has_one_target)
{
	assert_refused(ARGS("watch", "/a", "--pid", "1", "--pid", "2"), "more than one");
	assert_refused(ARGS("watch", "/a", "--pid", "1", "--cid", "b"), "more than one");
	cr_assert_eq(parse(ARGS("watch", "/a", "--pid", "7")), 0);
	cr_assert_eq(cmdline.pids[0], 7);
}

Test(janusctl_watch_options, refuses_options_of_other_commands)
{
	static const char *const others[][2] = {
		{ "--address", "a:1" }, { "--tls-ca", "a" },
		{ "--tls-cert", "a" },  { "--tls-key", "a" },
		{ "--name", "a" },      { "--node", "a" },
		{ "--pod", "a" },       { "--allow", "/a" },
		{ "--deny", "/a" },     { "--event", "open" },
		{ "--tag", "a=b" },     { "--log-format", "a" },
		{ "--only-dir", "/b" }, { "--audit", "/b" },
		{ "--subject", "/b" },  { "--auto-allow-owner", "/b" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_refused(ARGS("watch", "/a", others[i][0], others[i][1]),
			       "does not take the option");
}

Test(janusctl_watch_options, no_other_command_takes_them)
{
	static const char *const own[] = { "-r",
					   "-v",
					   "--wait",
					   "--glob",
					   "--one-filesystem",
					   "--include-stalling",
					   "--depth=1",
					   "--ignore=a",
					   "--events=open",
					   "--count=1" };

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		assert_refused(ARGS("health", own[i]), "does not take the option");
		assert_refused(ARGS("guard", "create", "--name", "w", "--pid", "7",
				    "--deny", "/a", "--event", "open", own[i]),
			       "does not take the option");
	}
}

Test(janusctl_watch_options, help_names_every_option)
{
	static const char *const names[] = {
		"-r, --recursive",    "--depth N", "--ignore GLOB", "--one-filesystem",
		"--include-stalling", "--wait",    "--glob",        "--cid ID, --pid PID",
		"--events LIST",      "--count N", "-v, --verbose",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert(strstr(cmdline_help, names[i]), "%s", names[i]);
}
