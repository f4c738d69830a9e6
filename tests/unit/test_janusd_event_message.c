// SPDX-License-Identifier: MIT
/* Events of the library as messages of janus.v1, read back by what the generator makes. */
#include "event_message.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "janus/v1/guard_service.pb-c.h"
#include "labels.h"
#include "make_spec.h"

static struct event_message *message;
static struct janus_event_buffer *buffer;
static struct janus__spec *spec;
static Janus__V1__Event *event;

static struct janus__spec *tagged_spec(void)
{
	static const char *const paths[] = { "/etc" };
	static const struct janus_tag tags[] = { { "a", "1" }, { "b", "" } };
	struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus__spec *ret = NULL;

	subject.allow = paths;
	subject.allow_count = 1;
	subject.events = JANUS_EVENT_OPEN;
	subject.tags = tags;
	subject.tag_count = 2;
	options.subjects = &subject;
	options.subject_count = 1;
	cr_assert_eq(janus__spec_create(&ret, &options, &report), 0);
	return ret;
}

static void setup(void)
{
	spec = tagged_spec();
	message = event_message_create();
	cr_assert_eq(janus_event_buffer_create(&buffer, 4), 0);
}

static void teardown(void)
{
	if (event)
		janus__v1__event__free_unpacked(event, NULL);
	event_message_destroy(message);
	janus_event_buffer_destroy(buffer);
	janus__spec_unref(spec);
}

TestSuite(event_message, .init = setup, .fini = teardown);

static struct janus__record record(void)
{
	return (struct janus__record){
		.kind = JANUS_EVENT_RENAME,
		.verdict = JANUS_VERDICT_WOULD_DENY,
		.reason = JANUS_REASON_DEADLINE,
		.who = { .pid = 123,
			 .pid_inside = 7,
			 .parent_pid = 122,
			 .uid = 1000,
			 .gid = UINT32_MAX,
			 .runtime = "docker",
			 .comm = "a\nb'" },
		.file_type = JANUS_FILE_SYMLINK,
		.time_ns = INT64_C(1700000000123456789),
		.sequence = 789,
		.spec = janus__spec_ref(spec),
		.rule = &spec->rules[0],
	};
}

static const struct label label = { .name = "guard", .pod = "pod", .node = "node" };

static void pack_record(const struct janus__record *given, const char *path,
			const struct label *its)
{
	struct janus__texts texts = {
		.at = { path, "/etc/old", "/bin/c\x80t", "/docker/abc", "abc" },
		.length = { (uint32_t)strlen(path), 8, 8, 11, 3 },
	};
	struct wire_bytes bytes;

	cr_assert(janus__event_buffer_append(buffer, given, &texts));
	bytes = event_message_pack(message, janus_event_buffer_get(buffer, 0), its, 42);
	event = janus__v1__event__unpack(NULL, bytes.size, bytes.data);
	cr_assert_not_null(event);
}

static void pack(const char *path)
{
	struct janus__record given = record();

	pack_record(&given, path, &label);
}

Test(event_message, tells_everything)
{
	pack("/etc/x");
	cr_assert_eq(event->sequence, 42);
	cr_assert_eq(event->time_ns, INT64_C(1700000000123456789));
	cr_assert_str_eq(event->guard, "guard");
	cr_assert_str_eq(event->pod, "pod");
	cr_assert_str_eq(event->node, "node");
	cr_assert_eq(event->kind, JANUS__V1__EVENT_KIND__EVENT_KIND_RENAME);
	cr_assert_eq(event->verdict, JANUS__V1__VERDICT__VERDICT_WOULD_DENY);
	cr_assert_eq(event->reason, JANUS__V1__REASON__REASON_DEADLINE);
	cr_assert_eq(event->file_type, JANUS__V1__FILE_TYPE__FILE_TYPE_SYMLINK);
	cr_assert_str_eq(event->path, "/etc/x");
	cr_assert_str_eq(event->old_path, "/etc/old");
	cr_assert_eq(event->raw_path.len, 0);
	cr_assert_eq(event->raw_old_path.len, 0);
	cr_assert_eq(event->n_tags, 2);
	cr_assert_str_eq(event->tags[0]->key, "a");
	cr_assert_str_eq(event->tags[0]->value, "1");
	cr_assert_str_eq(event->tags[1]->key, "b");
	cr_assert_str_eq(event->tags[1]->value, "");
}

Test(event_message, tells_who_escaped)
{
	const Janus__V1__Process *who;

	pack("/etc/x");
	who = event->process;
	cr_assert_eq(who->pid, 123);
	cr_assert_eq(who->inner_pid, 7);
	cr_assert_eq(who->parent_pid, 122);
	cr_assert_eq(who->uid, 1000);
	cr_assert_eq(who->gid, UINT32_MAX);
	cr_assert_str_eq(who->comm, "a\\nb\\'");
	cr_assert_str_eq(who->exe, "/bin/c\\x80t");
	cr_assert_str_eq(who->cgroup, "/docker/abc");
	cr_assert_str_eq(who->container, "abc");
	cr_assert_str_eq(who->runtime, "docker");
}

Test(event_message, keeps_the_bytes_of_a_path_that_is_no_utf8)
{
	static const char path[] = "/\xff\xc3\xa4\xc3/\n";

	pack(path);
	cr_assert_str_eq(event->path, "/\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd/\n");
	cr_assert_eq(event->raw_path.len, sizeof(path) - 1);
	cr_assert_arr_eq(event->raw_path.data, path, sizeof(path) - 1);
}

Test(event_message, has_room_for_the_longest_path_of_the_worst_bytes)
{
	static char path[4096];

	memset(path, 0xff, sizeof(path) - 1);
	path[0] = '/';
	pack(path);
	cr_assert_eq(strlen(event->path), 1 + 3 * (sizeof(path) - 2));
	cr_assert_eq(event->raw_path.len, sizeof(path) - 1);
}

Test(event_message, tells_nothing_of_a_guard_that_is_gone)
{
	struct janus__record given = record();

	given.kind = JANUS_EVENT_OPEN;
	given.verdict = 0;
	given.file_type = JANUS_FILE_OTHER;
	pack_record(&given, "", NULL);
	cr_assert_str_empty(event->guard);
	cr_assert_str_empty(event->node);
	cr_assert_str_empty(event->path);
	cr_assert_eq(event->kind, JANUS__V1__EVENT_KIND__EVENT_KIND_OPEN);
	cr_assert_eq(event->verdict, JANUS__V1__VERDICT__VERDICT_UNSPECIFIED);
	cr_assert_eq(event->file_type, JANUS__V1__FILE_TYPE__FILE_TYPE_OTHER);
}

Test(event_message, can_be_made_again_and_again)
{
	static const char *const paths[] = { "/\xff", "/short", "/\xfe\xfe", "/x" };

	for (size_t i = 0; i < 4; i++) {
		pack(paths[i]);
		if (i % 2)
			cr_assert_str_eq(event->path, paths[i]);
		cr_assert_eq(event->raw_path.len, i % 2 ? 0 : strlen(paths[i]));
		janus__v1__event__free_unpacked(event, NULL);
		event = NULL;
		janus__event_buffer_clear(buffer);
	}
}
