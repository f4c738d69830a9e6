// SPDX-License-Identifier: MIT
/*
 * The configuration file: every key arrives where it belongs, every mistake is told with where
 * it stands and the way to it, and the command line goes over the file.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "config.h"
#include "fields.h"

static struct cmdline cmdline;
static struct config config;
static struct faults faults;
static char error[CMDLINE_ERROR_SIZE];

static int parse(const char *json)
{
	char *argv[] = { "janusd", NULL };
	const struct document_text text = { "f.json", json, strlen(json) };

	config_done(&config);
	faults_done(&faults);
	faults = (struct faults)FAULTS_INIT;
	cr_assert_eq(cmdline_begin(&cmdline, 1, argv, error), 0);
	return config_parse(&config, &cmdline, &text, &faults);
}

static void takes(const char *json)
{
	cr_assert_eq(parse(json), 0, "%s: %s", json, faults.lines.data);
	cr_assert_eq(faults.count, 0);
}

/* @line: the only thing that is wrong. */
static void refuses(const char *json, const char *line)
{
	char whole[1024];

	snprintf(whole, sizeof(whole), "%s\n", line);
	cr_expect_eq(parse(json), -1, "%s", json);
	cr_expect_str_eq(faults.lines.data ? faults.lines.data : "", whole);
}

static void done(void)
{
	config_done(&config);
	faults_done(&faults);
}

TestSuite(config, .fini = done);

Test(config, of_nothing_is_the_default)
{
	takes("{}");
	cr_expect_eq(cmdline.deadline_ms, 500);
	cr_expect_eq(cmdline.listen_count, 0);
	cr_expect_eq(cmdline.settings.limits.guards, SETTINGS_GUARDS);
	cr_expect_eq(cmdline.settings.history_bytes, SETTINGS_HISTORY_BYTES);
	cr_expect_eq(cmdline.settings.sink_count, 0);
	cr_expect_eq(cmdline.settings.client_count, 0);
	cr_expect_null(cmdline.settings.metrics_address);
}

Test(config, has_what_the_command_line_has)
{
	takes("{\"listen\": [\"unix:/run/j/s\", \"localhost:7\"], \"node\": \"n-1\","
	      " \"tls\": {\"ca_file\": \"/a\", \"cert_file\": \"/b\", \"key_file\": \"/c\"},"
	      " \"insecure_any_address\": true, \"deadline_ms\": 250,"
	      " \"on_failure\": \"deny\", \"lifelines\": [\"/usr/bin/runc\"],"
	      " \"keep_guarding\": true}");
	cr_assert_eq(cmdline.listen_count, 2);
	cr_expect_str_eq(cmdline.listen[0], "unix:/run/j/s");
	cr_expect_str_eq(cmdline.listen[1], "localhost:7");
	cr_expect_str_eq(cmdline.node, "n-1");
	cr_expect_str_eq(cmdline.tls_ca_file, "/a");
	cr_expect_str_eq(cmdline.tls_cert_file, "/b");
	cr_expect_str_eq(cmdline.tls_key_file, "/c");
	cr_expect(cmdline.insecure_any_address);
	cr_expect_eq(cmdline.deadline_ms, 250);
	cr_expect(cmdline.deny_on_failure);
	cr_assert_eq(cmdline.lifeline_count, 1);
	cr_expect_str_eq(cmdline.lifelines[0], "/usr/bin/runc");
	cr_expect(cmdline.keep_guarding);
}

Test(config, has_the_other_settings)
{
	const struct settings *s = &cmdline.settings;

	takes("{\"limits\": {\"guards\": 3, \"path_bytes\": 99, \"request_bytes\": 2048},"
	      " \"metrics\": {\"listen\": \"127.0.0.1:9464\"},"
	      " \"guards_folder\": \"/etc/janus/guards\", \"watch_files\": true,"
	      " \"state_file\": \"/var/lib/janus/state\", \"history_bytes\": 12345,"
	      " \"strict\": true}");
	cr_expect_eq(s->limits.guards, 3);
	cr_expect_eq(s->limits.path_bytes, 99);
	cr_expect_eq(s->limits.request_bytes, 2048);
	cr_expect_eq(s->limits.streams, SETTINGS_STREAMS);
	cr_expect_str_eq(s->metrics_address, "127.0.0.1:9464");
	cr_expect_str_eq(s->guards_folder, "/etc/janus/guards");
	cr_expect(s->watch_files);
	cr_expect_str_eq(s->state_file, "/var/lib/janus/state");
	cr_expect_eq(s->history_bytes, 12345);
	cr_expect(s->strict);
}

Test(config, has_sinks)
{
	const struct sink_settings *s = cmdline.settings.sinks;

	takes("{\"sinks\": [{\"format\": \"json\", \"path\": \"/var/log/j\","
	      " \"verdicts\": [\"deny\", \"would_deny\"], \"guards\": [\"web-*\", \"db\"],"
	      " \"queue_bytes\": 65536, \"rate\": 10, \"burst\": 20, \"fold_ms\": 1000,"
	      " \"rotate_bytes\": 5000, \"rotate_seconds\": 60, \"rotate_keep\": 2},"
	      " {\"format\": \"journal\"}, {\"format\": \"text\", \"rate\": 7}]}");
	cr_assert_eq(cmdline.settings.sink_count, 3);
	cr_expect_eq(s[0].format, SINK_JSON);
	cr_expect_str_eq(s[0].path, "/var/log/j");
	cr_expect_eq(s[0].verdicts, SINK_DENY | SINK_WOULD_DENY);
	cr_assert_eq(s[0].guard_count, 2);
	cr_expect_str_eq(s[0].guards[1], "db");
	cr_expect_eq(s[0].queue_bytes, 65536);
	cr_expect_eq(s[0].rate, 10);
	cr_expect_eq(s[0].burst, 20);
	cr_expect_eq(s[0].fold_ms, 1000);
	cr_expect_eq(s[0].rotate_bytes, 5000);
	cr_expect_eq(s[0].rotate_seconds, 60);
	cr_expect_eq(s[0].rotate_keep, 2);
	cr_expect_eq(s[1].format, SINK_JOURNAL);
	cr_expect_null(s[1].path);
	cr_expect_eq(s[1].verdicts, SINK_ALL_VERDICTS);
	cr_expect_str_eq(s[2].path, "stderr");
	cr_expect_eq(s[2].burst, 7);
}

Test(config, has_clients)
{
	const struct client_settings *c = cmdline.settings.clients;

	takes("{\"clients\": [{\"name\": \"URI:spiffe://a/b\", \"classes\": [\"read\"]},"
	      " {\"uid\": 0, \"classes\": [\"read\", \"write\"]},"
	      " {\"gid\": 5, \"classes\": [\"write\"]}]}");
	cr_assert_eq(cmdline.settings.client_count, 3);
	cr_expect_str_eq(c[0].name, "URI:spiffe://a/b");
	cr_expect_eq(c[0].classes, RPC_CLASS_READ);
	cr_expect(c[1].by_uid && !c[1].by_gid && !c[1].name);
	cr_expect_eq(c[1].classes, RPC_CLASS_READ | RPC_CLASS_WRITE);
	cr_expect(c[2].by_gid && !c[2].by_uid);
	cr_expect_eq(c[2].gid, 5);
}

Test(config, tells_where_it_is_no_json)
{
	cr_expect_eq(parse("{\n  \"node\": \"a\",\n  \"node\": \"b\"\n}"), -1);
	cr_expect_eq(strncmp(faults.lines.data, "f.json:3:8: is no JSON: duplicate", 33),
		     0, "%s", faults.lines.data);
	cr_expect_eq(parse("{\"node\": }"), -1);
	cr_expect_eq(strncmp(faults.lines.data, "f.json:1:10: is no JSON: ", 24), 0, "%s",
		     faults.lines.data);
	cr_expect_eq(parse(""), -1);
	cr_expect_eq(parse("{} {}"), -1);
	cr_expect_eq(parse("{\"node\": \"\xff\"}"), -1);
	cr_expect_eq(parse("{\"node\": \"\\u0000\"}"), -1);
}

Test(config, refuses_what_comes_behind_a_nul)
{
	static const char json[] = "{}\n \0{";
	const struct document_text text = { "f.json", json, sizeof(json) - 1 };

	faults = (struct faults)FAULTS_INIT;
	cr_expect_eq(config_parse(&config, &cmdline, &text, &faults), -1);
	cr_expect_str_eq(faults.lines.data, "f.json:2:2: is no JSON: a NUL\n");
}

Test(config, tells_where_a_value_is_wrong)
{
	refuses("{\n\t\"nodes\": 1\n}", "f.json:2:11: nodes: there is no such key");
	refuses("{\"a\\nb\": 1}", "f.json:1:10: a\\nb: there is no such key");
	refuses("{\"node\": 7}", "f.json:1:10: node: a number, where a string is wanted");
	refuses("[]", "f.json:1:1: an array, where an object is wanted");
	refuses("7", "f.json:1:1: a number, where an object is wanted");
	refuses("{\"strict\": null}",
		"f.json:1:12: strict: null, where true or false is wanted");
	refuses("{\"deadline_ms\": 9}",
		"f.json:1:17: deadline_ms: 9 is not between 10 and 3600000");
	refuses("{\"deadline_ms\": 10.5}",
		"f.json:1:17: deadline_ms: a number, where a whole number is wanted");
	refuses("{\"history_bytes\": -1}",
		"f.json:1:19: history_bytes: -1 is not between 0 and 1073741824");
	refuses("{\"state_file\": \"x'\"}",
		"f.json:1:16: state_file: 'x\\'' is no absolute path");
	refuses("{\"guards_folder\": \"x'\"}",
		"f.json:1:19: guards_folder: 'x\\'' is no absolute path");
	refuses("{\"on_failure\": \"\"}", "f.json:1:16: on_failure: is empty");
	refuses("{\"on_failure\": \"maybe\"}",
		"f.json:1:16: on_failure: 'maybe' is none of: allow, deny");
	refuses("{\"listen\": [\"localhost:1\",\n \"x\"]}",
		"f.json:2:2: listen[1]: 'x': is none of unix:/PATH, IPV4:PORT, [IPV6]:PORT,"
		" localhost:PORT");
	refuses("{\"tls\": {\"ca_file\": \"/a\", \"cert_file\": \"/b\"}}",
		"f.json:1:9: tls: key_file is missing");
	refuses("{\"metrics\": {\"listen\": \"unix:/x\"}}",
		"f.json:1:24: metrics.listen: 'unix:/x': is neither IPV4:PORT nor"
		" [IPV6]:PORT");
	refuses("{\"limits\": {\"guards\": 0}}",
		"f.json:1:23: limits.guards: 0 is not between 1 and 1000000");
}

Test(config, counts_characters_and_finds_what_stands_behind_others)
{
	refuses("{\"lifelines\": [\"/\xc3\xa4\", \"/\\\"]{\", \"/a:b\"], \"node\": 1}",
		"f.json:1:48: node: a number, where a string is wanted");
	refuses("{\"limits\": {\"guards\": 1, \"streams\": 2}, \"strict\":\r\n  1 }",
		"f.json:2:3: strict: a number, where true or false is wanted");
}

Test(config, tells_what_is_wrong_with_sinks)
{
	refuses("{\"sinks\": [{}]}", "f.json:1:12: sinks[0]: format is missing");
	refuses("{\"sinks\": [{\"format\": \"xml\"}]}",
		"f.json:1:23: sinks[0].format: 'xml' is none of: text, json, journal,"
		" syslog");
	refuses("{\"sinks\": [{\"format\": \"text\", \"path\": \"log\"}]}",
		"f.json:1:39: sinks[0].path: 'log' is neither stderr nor stdout nor an"
		" absolute path");
	refuses("{\"sinks\": [{\"format\": \"journal\", \"path\": \"stderr\"}]}",
		"f.json:1:42: sinks[0].path: 'stderr' is no absolute path");
	refuses("{\"sinks\": [{\"format\": \"text\"}, {\"format\": \"text\","
		" \"rotate_keep\": 1}]}",
		"f.json:1:66: sinks[1].rotate_keep: only a file can be rotated, with format"
		" text or json");
	refuses("{\"sinks\": [{\"format\": \"text\", \"verdicts\": []}]}",
		"f.json:1:43: sinks[0].verdicts: is empty");
	refuses("{\"sinks\": [{\"format\": \"text\", \"verdicts\": [\"deny\", \"no\"]}]}",
		"f.json:1:52: sinks[0].verdicts[1]: 'no' is none of: allow, deny, would_deny,"
		" observed");
	refuses("{\"sinks\": [{\"format\": \"text\", \"burst\": 1}]}",
		"f.json:1:40: sinks[0].burst: means nothing without a rate");
	refuses("{\"sinks\": [1,2,3,4,5,6,7,8,9]}",
		"f.json:1:11: sinks: has 9 items, more than 8");
}

Test(config, tells_what_is_wrong_with_clients)
{
	refuses("{\"clients\": [{\"classes\": [\"read\"]}]}",
		"f.json:1:14: clients[0]: exactly one of name, uid and gid is needed");
	refuses("{\"clients\": [{\"uid\": 1, \"gid\": 1, \"classes\": [\"read\"]}]}",
		"f.json:1:14: clients[0]: exactly one of name, uid and gid is needed");
	refuses("{\"clients\": [{\"uid\": 1}]}",
		"f.json:1:14: clients[0]: classes is missing");
	refuses("{\"clients\": [{\"name\": \"x\", \"classes\": [\"read\"]}]}",
		"f.json:1:23: clients[0].name: 'x' is none of DNS:NAME, URI:NAME, CN:NAME");
	refuses("{\"clients\": [{\"uid\": 4294967295, \"classes\": [\"read\"]}]}",
		"f.json:1:22: clients[0].uid: 4294967295 is not between 0 and 4294967294");
}

Test(config, tells_all_that_is_wrong)
{
	cr_expect_eq(parse("{\"a\": 1, \"b\": {\"c\": []}, \"node\": 3}"), -1);
	cr_expect_eq(faults.count, 3);
	cr_expect_str_eq(faults.lines.data,
			 "f.json:1:7: a: there is no such key\n"
			 "f.json:1:15: b: there is no such key\n"
			 "f.json:1:34: node: a number, where a string is wanted\n");
}

Test(config, bounds_depth)
{
	char deep[256] = "{\"a\": ";

	memset(deep + strlen(deep), '[', 40);
	memset(deep + strlen(deep), ']', 40);
	strcat(deep, "}");
	refuses(deep, "f.json:1:38: more than 32 levels");
}

static void count(void *context, const char *line)
{
	cr_expect(!strchr(line, '\n'));
	(*(size_t *)context)++;
}

Test(config, bounds_what_it_tells)
{
	char many[1000] = "{";
	size_t told = 0;

	for (int i = 0; i < 60; i++)
		sprintf(many + strlen(many), "%s\"k%d\": 1", i ? "," : "", i);
	strcat(many, "}");
	cr_expect_eq(parse(many), -1);
	cr_expect_eq(faults.count, 60);
	faults_tell(&faults, count, &told);
	cr_expect_eq(told, FAULTS_MOST + 1);
}

static void lay_over(int argc, char **argv)
{
	cr_assert_eq(cmdline_parse(&cmdline, argc, argv, error), 0, "%s", error);
}

Test(config, gives_way_to_the_command_line)
{
	char *argv[] = { "janusd",   "--listen",   "localhost:9", "--deadline", "99",
			 "--listen", "unix:/x/y",  "--lifeline",  "/c",         "--node",
			 "other",    "-tlscafile", "/other",      NULL };

	takes("{\"listen\": [\"unix:/run/j/s\", \"localhost:7\"], \"node\": \"n-1\","
	      " \"tls\": {\"ca_file\": \"/a\", \"cert_file\": \"/b\", \"key_file\": \"/c\"},"
	      " \"lifelines\": [\"/a\", \"/b\"], \"on_failure\": \"deny\"}");
	lay_over((int)ARRAY_COUNT(argv) - 1, argv);
	cr_assert_eq(cmdline.listen_count, 2);
	cr_expect_str_eq(cmdline.listen[0], "localhost:9");
	cr_expect_str_eq(cmdline.listen[1], "unix:/x/y");
	cr_assert_eq(cmdline.lifeline_count, 1);
	cr_expect_str_eq(cmdline.lifelines[0], "/c");
	cr_expect_str_eq(cmdline.node, "other");
	cr_expect_eq(cmdline.deadline_ms, 99);
	cr_expect(cmdline.tls);
	cr_expect_str_eq(cmdline.tls_ca_file, "/other");
	cr_expect_str_eq(cmdline.tls_key_file, "/c");
	cr_expect(cmdline.deny_on_failure);
}

Test(config, stays_where_the_command_line_says_nothing)
{
	char *argv[] = { "janusd", NULL };

	takes("{\"listen\": [\"localhost:7\"], \"deadline_ms\": 77}");
	lay_over(1, argv);
	cr_assert_eq(cmdline.listen_count, 1);
	cr_expect_str_eq(cmdline.listen[0], "localhost:7");
	cr_expect_eq(cmdline.deadline_ms, 77);
}

Test(config, names_a_file_that_is_not_there)
{
	faults = (struct faults)FAULTS_INIT;
	cr_expect_eq(config_load(&config, &cmdline, "/nowhere/at/all", &faults), -1);
	cr_expect(strstr(faults.lines.data, "/nowhere/at/all: No such file"));
	cr_expect_eq(config_load(&config, &cmdline, "/dev/null", &faults), -1);
	cr_expect(strstr(faults.lines.data, "/dev/null: is no regular file"));
}
