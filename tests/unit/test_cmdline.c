// SPDX-License-Identifier: MIT
/*
 * The daemon's command line: both ways to write options, TLS implied by its files, and
 * that every mistake is named. And what addresses are allowed, for that is a part of it.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "cmdline.h"
#include "listen.h"

#define WORDS_MAX 40

static struct cmdline cmdline;
static char error[CMDLINE_ERROR_SIZE];

/* @line: words between single spaces. */
static int parse(const char *line)
{
	static char copy[1024];
	char *argv[WORDS_MAX + 1] = { "janusd" };
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	error[0] = '\0';
	if (cmdline_begin(&cmdline, argc, argv, error))
		return -1;
	return cmdline_parse(&cmdline, argc, argv, error);
}

static void refuses(const char *line, const char *named)
{
	cr_expect_eq(parse(line), -1, "%s", line);
	cr_expect(strstr(error, named), "'%s' does not name '%s'", error, named);
	cr_expect(!strchr(error, '\n'));
}

static int plan(const char *line, struct listeners *listeners)
{
	cr_assert_eq(parse(line), 0, "%s", error);
	return listen_plan(listeners, &cmdline, error);
}

static void refuses_address(const char *line, const char *named)
{
	struct listeners listeners;

	cr_expect_eq(plan(line, &listeners), -1, "%s", line);
	cr_expect(strstr(error, named), "'%s' does not name '%s'", error, named);
}

static void expects_address(const struct listener *listener, const char *name)
{
	char buf[LISTEN_TEXT_SIZE];

	cr_expect_str_eq(listen_name(listener, 0, buf), name);
}

Test(cmdline, defaults)
{
	cr_assert_eq(parse(""), 0);
	cr_expect_eq(cmdline.action, CMDLINE_RUN);
	cr_expect_eq(cmdline.listen_count, 0);
	cr_expect_null(cmdline.node);
	cr_expect_not(cmdline.tls);
	cr_expect_not(cmdline.insecure_any_address);
	cr_expect_eq(cmdline.deadline_ms, 500);
	cr_expect_not(cmdline.deny_on_failure);
}

Test(cmdline, what_becomes_of_those_who_wait_too_long)
{
	cr_assert_eq(parse("--deadline 10 --on-failure deny"), 0);
	cr_expect_eq(cmdline.deadline_ms, 10);
	cr_expect(cmdline.deny_on_failure);
	cr_assert_eq(parse("--lifeline /a --lifeline /b"), 0);
	cr_expect_eq(cmdline.lifeline_count, 2);
	cr_expect_str_eq(cmdline.lifelines[1], "/b");
	cr_assert_eq(parse("-deadline=3600000 -on-failure=allow"), 0);
	cr_expect_eq(cmdline.deadline_ms, 3600000);
	cr_expect_not(cmdline.deny_on_failure);
	refuses("--deadline 9", "--deadline");
	refuses("--deadline 3600001", "--deadline");
	refuses("--deadline 99999999999999999999", "--deadline");
	refuses("--deadline 1s", "--deadline");
	refuses("--deadline -1", "--deadline");
	refuses("--deadline=", "--deadline");
	refuses("--on-failure maybe", "--on-failure");
	refuses("--on-failure=", "--on-failure");
	refuses("--lifeline runc", "--lifeline");
	refuses("--lifeline=", "--lifeline");
}

Test(cmdline, one_dash_and_two)
{
	static const char *const lines[] = {
		"-tls -tlscafile a -tlscertfile b -tlskeyfile c",
		"--tls --tlscafile a --tlscertfile b --tlskeyfile c",
		"-tls -tlscafile=a --tlscertfile=b -tlskeyfile=c",
		"-tlscafile a -tlscertfile b -tlskeyfile c",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		cr_assert_eq(parse(lines[i]), 0, "%s: %s", lines[i], error);
		cr_expect(cmdline.tls, "%s", lines[i]);
		cr_expect_str_eq(cmdline.tls_ca_file, "a");
		cr_expect_str_eq(cmdline.tls_cert_file, "b");
		cr_expect_str_eq(cmdline.tls_key_file, "c");
	}
}

Test(cmdline, names_the_missing_tls_file)
{
	refuses("-tls", "tlscafile");
	refuses("-tlscafile a -tlskeyfile c", "tlscertfile");
	refuses("--tlscafile a --tlscertfile b", "tlskeyfile");
	refuses("-tlscafile= -tlscertfile=b -tlskeyfile=c", "empty");
}

Test(cmdline, listen_may_be_repeated)
{
	cr_assert_eq(parse("--listen unix:/a -listen 127.0.0.1:1 --listen=[::1]:2"), 0);
	cr_assert_eq(cmdline.listen_count, 3);
	cr_expect_str_eq(cmdline.listen[0], "unix:/a");
	cr_expect_str_eq(cmdline.listen[2], "[::1]:2");
}

Test(cmdline, too_many_addresses)
{
	char line[1024] = "";

	for (int i = 0; i < CMDLINE_LISTEN_MAX; i++)
		strcat(line, "--listen 127.0.0.1:1 ");
	cr_expect_eq(parse(line), 0);
	strcat(line, "--listen 127.0.0.1:2");
	refuses(line, "127.0.0.1:2");
}

Test(cmdline, node)
{
	char line[300] = "--node ";

	cr_assert_eq(parse("--node node-1"), 0);
	cr_expect_str_eq(cmdline.node, "node-1");
	refuses("--node=", "--node");
	refuses("--node \xff", "\\xff");
	memset(line + 7, 'n', 253);
	cr_expect_eq(parse(line), 0);
	memset(line + 7, 'n', 254);
	refuses(line, "253");
}

Test(cmdline, help_and_version_win_over_the_rest)
{
	cr_assert_eq(parse("--help --nonsense"), 0);
	cr_expect_eq(cmdline.action, CMDLINE_HELP);
	cr_assert_eq(parse("-version"), 0);
	cr_expect_eq(cmdline.action, CMDLINE_VERSION);
	cr_assert_eq(parse("-tls --help"), 0);
	cr_expect_eq(cmdline.action, CMDLINE_HELP);
}

Test(cmdline, help_names_every_option)
{
	static const char *const names[] = { "--listen",     "--node",
					     "-tls",         "-tlscafile",
					     "-tlscertfile", "-tlskeyfile",
					     "--help",       "--insecure-any-address",
					     "--version" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect(strstr(cmdline_help, names[i]), "%s", names[i]);
}

Test(cmdline, names_what_is_wrong)
{
	refuses("--nope", "--nope");
	refuses("--n\nope", "--n\\nope");
	refuses("-x", "-x");
	refuses("--listen", "--listen");
	refuses("--help=yes", "--help=yes");
	refuses("-tlsc a", "-tlsc");
	refuses("something", "something");
	refuses("-- something", "something");
	refuses("--node a b", "'b'");
}

Test(listen_plan, defaults)
{
	struct listeners listeners;

	cr_assert_eq(plan("", &listeners), 0);
	cr_assert_eq(listeners.count, 3);
	expects_address(&listeners.items[0], "unix:/run/janus/janusd.sock");
	expects_address(&listeners.items[1], "127.0.0.1:50051");
	expects_address(&listeners.items[2], "[::1]:50051");
	cr_expect_not(listeners.items[1].optional);
	cr_expect(listeners.items[2].optional);
}

Test(listen_plan, tls_is_on_all_addresses_but_the_socket)
{
	struct listeners listeners;

	cr_assert_eq(plan("-tlscafile a -tlscertfile b -tlskeyfile c", &listeners), 0);
	cr_assert_eq(listeners.count, 2);
	cr_expect_not(listeners.items[0].tls);
	expects_address(&listeners.items[1], "0.0.0.0:50051");
	cr_expect(listeners.items[1].tls);
}

Test(listen_plan, insecure_opens_the_default_port)
{
	struct listeners listeners;

	cr_assert_eq(plan("--insecure-any-address", &listeners), 0);
	cr_assert_eq(listeners.count, 2);
	expects_address(&listeners.items[1], "0.0.0.0:50051");
	cr_expect_not(listeners.items[1].tls);
}

Test(listen_plan, plaintext_stays_on_the_loopback)
{
	static const char *const beyond[] = { "0.0.0.0:1",           "[::]:1",
					      "10.0.0.1:1",          "128.0.0.1:1",
					      "[::ffff:10.0.0.1]:1", "[fe80::1]:1" };
	static const char *const within[] = { "127.0.0.1:0", "127.9.9.9:1", "[::1]:65535",
					      "[::ffff:127.0.0.1]:1" };
	struct listeners listeners;
	char line[128];

	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		snprintf(line, sizeof(line), "--listen %s", beyond[i]);
		refuses_address(line, "--insecure-any-address");
		refuses_address(line, beyond[i]);
		strcat(line, " --insecure-any-address");
		cr_expect_eq(plan(line, &listeners), 0, "%s", error);
	}
	for (size_t i = 0; i < sizeof(within) / sizeof(within[0]); i++) {
		snprintf(line, sizeof(line), "--listen %s", within[i]);
		cr_expect_eq(plan(line, &listeners), 0, "%s", error);
		expects_address(&listeners.items[0], within[i]);
	}
}

Test(listen_plan, localhost_is_both_loopbacks)
{
	struct listeners listeners;

	cr_assert_eq(plan("--listen localhost:7", &listeners), 0);
	cr_assert_eq(listeners.count, 2);
	expects_address(&listeners.items[0], "127.0.0.1:7");
	expects_address(&listeners.items[1], "[::1]:7");
}

Test(listen_plan, names_addresses_that_cannot_be)
{
	static const char *const bad[] = { "127.0.0.1",
					   "127.0.0.1:",
					   "127.0.0.1:65536",
					   "127.0.0.1:-1",
					   "127.0.0.1:1x",
					   "127.0.0.1:+1",
					   "::1:50051",
					   "[::1]",
					   "[::1:1",
					   "host:1",
					   ":1",
					   "localhost:x",
					   "ipv4:127.0.0.1:1",
					   "[]:1",
					   "unix:relative",
					   "unix:",
					   "unix-abstract:x" };
	char line[400];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(line, sizeof(line), "--listen %s", bad[i]);
		refuses_address(line, "--listen '");
	}
	snprintf(line, sizeof(line), "--listen unix:/%0106d", 0);
	cr_expect_eq(plan(line, &(struct listeners){ .count = 0 }), 0);
	snprintf(line, sizeof(line), "--listen unix:/%0107d", 0);
	refuses_address(line, "107 bytes");
}

Test(listen_plan, target_of_a_socket_is_a_uri)
{
	struct listener listener = { .lock = -1 };
	char buf[LISTEN_TEXT_SIZE];

	listener.address.un.sun_family = AF_UNIX;
	strcpy(listener.address.un.sun_path, "/a b/%?#\xc3\xa9.sock");
	cr_expect_str_eq(listen_target(&listener, buf),
			 "unix:/a%20b/%25%3F%23%C3%A9.sock");
}
