// SPDX-License-Identifier: MIT
/*
 * A guard as a person writes it: each word arrives in the message, in JSON and in YAML, and each
 * mistake is told with its place and the way to it.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "janus/v1/guard_service.pb-c.h"
#include "manifests.h"

#define HEAD "apiVersion: januscontroller.clustergarage.io/v1alpha1\nkind: JanusGuard\n"

static struct manifests manifests;
static struct faults faults;

static int parse(const char *file, const char *content)
{
	const struct document_text text = { file, content, strlen(content) };

	manifests_done(&manifests);
	faults_done(&faults);
	faults = (struct faults)FAULTS_INIT;
	return manifests_parse(&manifests, &text, &faults);
}

static Janus__V1__Guard *takes(const char *file, const char *content)
{
	Janus__V1__Guard *guard;

	cr_assert_eq(parse(file, content), 0, "%s", faults.lines.data);
	cr_assert_eq(manifests.count, 1);
	guard = janus__v1__guard__unpack(NULL, manifests.items[0].length,
					 manifests.items[0].bytes);
	cr_assert_not_null(guard);
	return guard;
}

/* @spec: two lines and one subject are there already. */
static void refuses(const char *spec, const char *line)
{
	char content[2048], whole[512];

	snprintf(content, sizeof(content),
		 HEAD "metadata: {name: g}\nspec:\n  targets: [{host: true}]\n%s", spec);
	snprintf(whole, sizeof(whole), "f.yaml:%s\n", line);
	cr_expect_eq(parse("f.yaml", content), -1, "%s", content);
	cr_expect_str_eq(faults.lines.data ? faults.lines.data : "", whole);
}

static void done(void)
{
	manifests_done(&manifests);
	faults_done(&faults);
}

TestSuite(manifest, .fini = done);

static const char all_words[] = HEAD "metadata:\n"
				     "  name: web\n"
				     "  labels: {app: web, tier: 'no'}\n"
				     "spec:\n"
				     "  pod: web-1\n"
				     "  node: n1\n"
				     "  logFormat: '{pod}'\n"
				     "  onFailure: deny\n"
				     "  waitMs: forever\n"
				     "  directoryLimit: 7\n"
				     "  targets:\n"
				     "  - host: true\n"
				     "  - pid: 12\n"
				     "  - container: docker://ab\n"
				     "  - cgroup: /a/b\n"
				     "  - exe: /bin/x\n"
				     "  subjects:\n"
				     "  - allow: [/a]\n"
				     "    deny: [/b, /c]\n"
				     "    observe: [/d]\n"
				     "    ignore: ['*.o']\n"
				     "    events: [all, create]\n"
				     "    mode: dry-run\n"
				     "    recursive: true\n"
				     "    maxDepth: 3\n"
				     "    onlyDir: true\n"
				     "    autoAllowOwner: true\n"
				     "    audit: true\n"
				     "    oneFilesystem: true\n"
				     "    stalling: true\n"
				     "    waitForPaths: true\n"
				     "    glob: true\n"
				     "    onlyExceptions: true\n"
				     "    strategy: mount\n"
				     "    tags: {a: b}\n"
				     "    exceptions:\n"
				     "    - exe: /x\n"
				     "    - hostExe: /y\n"
				     "    - uid: 0\n"
				     "    - gid: 5\n"
				     "    - cgroup: /z\n"
				     "    - container: cd\n"
				     "    - ancestor: 9\n"
				     "    - outside: true\n";

Test(manifest, takes_every_word_of_a_guard)
{
	Janus__V1__Guard *g = takes("f.yaml", all_words);

	cr_expect_str_eq(g->name, "web");
	cr_expect_str_eq(g->pod, "web-1");
	cr_expect_str_eq(g->node, "n1");
	cr_expect_str_eq(g->log_format, "{pod}");
	cr_expect_eq(g->on_failure, JANUS__V1__ON_FAILURE__ON_FAILURE_DENY);
	cr_expect_eq(g->wait_ms, UINT64_MAX);
	cr_expect_eq(g->directory_limit, 7);
	cr_assert_eq(g->n_labels, 2);
	cr_expect_str_eq(g->labels[1]->key, "tier");
	cr_expect_str_eq(g->labels[1]->value, "no");
	cr_assert_eq(g->n_targets, 5);
	cr_expect_eq(g->targets[0]->kind_case, JANUS__V1__TARGET__KIND_HOST);
	cr_expect(g->targets[0]->host);
	cr_expect_eq(g->targets[1]->pid, 12);
	cr_expect_str_eq(g->targets[2]->container, "docker://ab");
	cr_expect_eq(g->targets[3]->kind_case, JANUS__V1__TARGET__KIND_CGROUP);
	cr_expect_str_eq(g->targets[3]->cgroup, "/a/b");
	cr_expect_eq(g->targets[4]->kind_case, JANUS__V1__TARGET__KIND_EXE);
	cr_expect_str_eq(g->targets[4]->exe, "/bin/x");
	janus__v1__guard__free_unpacked(g, NULL);
}

Test(manifest, takes_every_word_of_a_subject)
{
	Janus__V1__Guard *g = takes("f.yaml", all_words);
	const Janus__V1__Subject *s = g->subjects[0];

	cr_assert_eq(g->n_subjects, 1);
	cr_expect_eq(s->n_allow, 1);
	cr_assert_eq(s->n_deny, 2);
	cr_expect_str_eq(s->deny[1], "/c");
	cr_expect_str_eq(s->observe[0], "/d");
	cr_expect_str_eq(s->ignore[0], "*.o");
	cr_assert_eq(s->n_events, 4);
	cr_expect_eq(s->events[0], JANUS__V1__EVENT_KIND__EVENT_KIND_OPEN);
	cr_expect_eq(s->events[2], JANUS__V1__EVENT_KIND__EVENT_KIND_EXEC);
	cr_expect_eq(s->events[3], JANUS__V1__EVENT_KIND__EVENT_KIND_CREATE);
	cr_expect_eq(s->mode, JANUS__V1__MODE__MODE_DRY_RUN);
	cr_expect_eq(s->max_depth, 3);
	cr_expect(s->recursive && s->only_dir && s->auto_allow_owner && s->audit);
	cr_expect(s->one_filesystem && s->stalling && s->wait_for_paths && s->glob);
	cr_expect(s->only_exceptions);
	cr_expect_eq(s->strategy, JANUS__V1__STRATEGY__STRATEGY_MOUNT);
	cr_expect_str_eq(s->tags[0]->value, "b");
	janus__v1__guard__free_unpacked(g, NULL);
}

Test(manifest, takes_every_exception)
{
	Janus__V1__Guard *g = takes("f.yaml", all_words);
	Janus__V1__Exception **e = g->subjects[0]->exceptions;

	cr_assert_eq(g->subjects[0]->n_exceptions, 8);
	cr_expect_str_eq(e[0]->exe, "/x");
	cr_expect_eq(e[1]->who_case, JANUS__V1__EXCEPTION__WHO_HOST_EXE);
	cr_expect_str_eq(e[1]->host_exe, "/y");
	cr_expect_eq(e[2]->who_case, JANUS__V1__EXCEPTION__WHO_UID);
	cr_expect_eq(e[3]->gid, 5);
	cr_expect_str_eq(e[4]->cgroup, "/z");
	cr_expect_str_eq(e[5]->container, "cd");
	cr_expect_eq(e[6]->ancestor, 9);
	cr_expect(e[7]->outside);
	janus__v1__guard__free_unpacked(g, NULL);
}

Test(manifest, takes_json)
{
	Janus__V1__Guard *g = takes(
		"f.json", "{\"apiVersion\":"
			  " \"januscontroller.clustergarage.io/v1alpha1\","
			  " \"kind\": \"JanusGuard\", \"metadata\": {\"name\": \"g\"},"
			  " \"spec\": {\"targets\": [{\"pid\": 1}], \"subjects\":"
			  " [{\"deny\": [\"/x\"], \"events\": [\"open\"]}]}}");

	cr_expect_str_eq(g->name, "g");
	cr_expect_str_eq(g->subjects[0]->deny[0], "/x");
	cr_expect_str_eq(g->pod, "");
	janus__v1__guard__free_unpacked(g, NULL);
}

Test(manifest, tells_where_a_value_is_wrong)
{
	refuses("  subjects:\n  - deny: [/a, /b, c]\n",
		"7:20: spec.subjects[0].deny[2]: 'c' is no absolute path");
	refuses("  subjects:\n  - deny: [/a]\n  - allow: /b\n",
		"8:12: spec.subjects[1].allow: a string, where an array is wanted");
	refuses("  subjects:\n  - {}\n",
		"7:5: spec.subjects[0]: allow, deny and observe: there is no path");
	refuses("  subjects:\n  - deny: [/a]\n    recursive: yes\n",
		"8:16: spec.subjects[0].recursive: a string, where true or false is wanted");
	refuses("  subjects:\n  - deny: [/a]\n    tags: {a: 1}\n",
		"8:15: spec.subjects[0].tags.a: is no string; quote it if it should be one");
	refuses("  subjects:\n  - deny: [/a]\n    events: [read]\n",
		"8:14: spec.subjects[0].events[0]: 'read' is none of: open, access, exec,"
		" create, modify, close_write, attrib, delete, rename, all");
	refuses("  subjects:\n  - deny: [/a]\n    exceptions: [{uid: 1, gid: 1}]\n",
		"8:18: spec.subjects[0].exceptions[0]: is no object of one key");
	refuses("  subjects:\n  - deny: [/a]\n    exceptions: [{name: x}]\n",
		"8:25: spec.subjects[0].exceptions[0].name: there is no such key");
	refuses("  subjects:\n  - deny: [/a]\n    exceptions: [{outside: false}]\n",
		"8:28: spec.subjects[0].exceptions[0].outside: is false; leave it out"
		" instead");
	refuses("  waitMs: never\n  subjects:\n  - deny: [/a]\n",
		"6:11: spec.waitMs: 'never' is none of: forever");
	refuses("  selector: {matchLabels: {a: b}}\n  subjects:\n  - deny: [/a]\n",
		"6:13: spec.selector: janusd alone knows no pods that a selector could find;"
		" name targets instead");
	refuses("  subjects: []\n", "5:3: spec: subjects: there are none");
}

Test(manifest, tells_what_is_missing)
{
	cr_expect_eq(parse("f.yaml", "a: 1\n"), -1);
	cr_expect_str_eq(faults.lines.data, "f.yaml:1:4: a: there is no such key\n");
	cr_expect_eq(parse("f.yaml", "{}\n"), -1);
	cr_expect_eq(faults.count, 4);
	cr_expect_eq(parse("f.yaml", "kind: Pod\n"), -1);
	cr_expect_str_eq(faults.lines.data,
			 "f.yaml:1:7: kind: 'Pod' is not 'JanusGuard'\n");
}

Test(manifest, takes_several_from_one_file)
{
	char both[2 * sizeof(all_words) + 16];
	uint32_t lines = 0;

	snprintf(both, sizeof(both), "%s---\n%s", all_words, all_words);
	cr_assert_eq(parse("f.yml", both), 0);
	cr_assert_eq(manifests.count, 2);
	for (const char *c = all_words; *c; c++)
		lines += *c == '\n';
	/* Behind the line that parts them. */
	cr_expect_eq(manifests.items[1].line, lines + 2);
}
