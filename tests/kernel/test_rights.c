// SPDX-License-Identifier: MIT
/*
 * What happens without the rights or the kernel that something needs.
 */
#include <errno.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <janus/keep.h>

#include "doer.h"
#include "harness.h"
#include "stage.h"

static struct stage stage;

static bool set_capability(int capability, bool on)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
	const __u32 bit = CAP_TO_MASK(capability);

	MUST(syscall(SYS_capget, &header, data));
	if (on)
		data[CAP_TO_INDEX(capability)].effective |= bit;
	else
		data[CAP_TO_INDEX(capability)].effective &= ~bit;
	return syscall(SYS_capset, &header, data) == 0;
}

static void drop_capability(int capability)
{
	CHECK(set_capability(capability, false));
}

static uint64_t available_features(int32_t *ret_permission_error)
{
	struct janus_features features = JANUS_FEATURES_INIT;

	CHECK_INT(janus_get_features(&features), 0);
	if (ret_permission_error)
		*ret_permission_error = features.permission_error;
	return features.available;
}

static void features_tell_what_can_be_done(void)
{
	size_t fds = count_own("fd", NULL);
	int32_t error = -1;
	uint64_t available = available_features(&error);

	CHECK(available & JANUS_FEATURE_PERMISSION);
	CHECK(available & JANUS_FEATURE_WIDE);
	CHECK_INT(error, 0);
	CHECK_INT(count_own("fd", NULL), fds);
}

/* A process of nobody's, as far as the kernel can tell: no capability is left. */
static void become_nobody(void)
{
	MUST(setresgid(65534, 65534, 65534));
	MUST(setresuid(65534, 65534, 65534));
}

static void check_that_it_can_only_observe(void)
{
	struct plan denied = { .deny = { WORK "/d/file" } };
	struct plan tree = { .deny = { WORK "/d" }, .flags = JANUS_SUBJECT_RECURSIVE };
	struct janus_watch_report report;
	struct janus_watch *watch = NULL;
	struct actor actor;
	int32_t error = 0;

	actor_start(&actor);
	CHECK(!(available_features(&error) & JANUS_FEATURE_PERMISSION));
	CHECK(!(available_features(NULL) & JANUS_FEATURE_WIDE));
	CHECK_INT(error, -EPERM);
	CHECK(available_features(NULL) & JANUS_FEATURE_OBSERVE);
	stage_open(&stage);
	CHECK_INT(try_guard(&stage, &watch, &denied, &report), -EPERM);
	CHECK(report.message[0]);
	CHECK_INT(try_guard(&stage, &watch, &tree, &report), -EPERM);
	CHECK(!watch);
	guard(&stage, &(struct plan){ .observe = { WORK "/d" },
				      .events = JANUS_EVENT_CREATE,
				      .mode = JANUS_MODE_AUDIT,
				      .flags = JANUS_SUBJECT_RECURSIVE });
	make_file(WORK "/d/a/new");
	EXPECT(&stage, WORK "/d/a/new", 0, JANUS_EVENT_CREATE);
	CHECK_INT(try_open(&actor, WORK "/d/file"), 0);
	stage_close(&stage);
	actor_end(&actor);
}

static void make_tree_of_all(void)
{
	make_directory(WORK "/d");
	make_directory(WORK "/d/a");
	MUST(chmod(WORK "/d/a", 0777));
	make_file(WORK "/d/file");
}

static void without_cap_sys_admin_a_context_can_only_observe(void)
{
	make_tree_of_all();
	drop_capability(CAP_SYS_ADMIN);
	check_that_it_can_only_observe();
}

static void nobody_can_observe(void)
{
	make_tree_of_all();
	become_nobody();
	check_that_it_can_only_observe();
}

static void a_context_that_cannot_guard_can_be_polled_and_woken(void)
{
	struct janus_stats stats = JANUS_STATS_INIT;

	drop_capability(CAP_SYS_ADMIN);
	stage_open(&stage);
	CHECK_INT(janus_poll(stage.context, stage.buffer, 0), 0);
	CHECK_INT(janus_wakeup(stage.context), 0);
	CHECK(is_readable(janus_get_fd(stage.context)));
	CHECK_INT(janus_poll(stage.context, stage.buffer, BOUND_NS), 0);
	CHECK_INT(janus_get_stats(stage.context, &stats), 0);
	CHECK_INT(stats.queued, 0);
	CHECK_INT(stats.events, 0);
	stage_close(&stage);
}

static void a_context_outlives_the_rights_that_made_it(void)
{
	struct janus_watch_report report;
	struct janus_watch *watch = NULL;
	struct actor actor;
	int err;

	actor_start(&actor);
	stage_open(&stage);
	make_file(WORK "/file");
	make_file(WORK "/other");
	guard(&stage, &(struct plan){ .deny = { WORK "/file" } });
	drop_capability(CAP_SYS_ADMIN);
	CHECK_INT(try_open(&actor, WORK "/file"), -EPERM);
	EXPECT(&stage, WORK "/file", JANUS_VERDICT_DENY);
	err = try_guard(&stage, &watch, &(struct plan){ .deny = { WORK "/other" } },
			&report);
	CHECK(err == 0 || err == -EPERM);
	CHECK_INT(try_open(&actor, WORK "/other"), err ? 0 : -EPERM);
	stage_close(&stage);
	actor_end(&actor);
}

static void without_cap_sys_admin_there_is_no_keep(void)
{
	size_t fds = count_own("fd", NULL);
	struct janus_keep *keep = NULL;

	drop_capability(CAP_SYS_ADMIN);
	CHECK_INT(janus_keep_create(&keep, NULL), -EPERM);
	CHECK(!keep);
	CHECK_INT(count_own("fd", NULL), fds);
}

/* Structs of a program that was built with a newer library, and wants something of it. */
static void a_keep_does_not_pretend_to_know_what_is_new(void)
{
	struct {
		struct janus_keep_options known;
		uint64_t unknown;
	} options = { JANUS_KEEP_OPTIONS_INIT, 1 };
	struct {
		struct janus_keep_stats known;
		uint64_t unknown;
	} stats = { JANUS_KEEP_STATS_INIT, 1 };
	struct janus_keep *keep = NULL;

	options.known.size = sizeof(options);
	CHECK_INT(janus_keep_create(&keep, &options.known), -E2BIG);
	CHECK(!keep);
	CHECK_INT(janus_keep_create(&keep, NULL), 0);
	stats.known.size = sizeof(stats);
	CHECK_INT(janus_keep_get_stats(keep, &stats.known), -E2BIG);
	janus_keep_destroy(keep);
}

static void a_keep_of_another_version_is_not_adopted(void)
{
	struct janus_keep *keep = NULL, *adopted = NULL;
	int fds[JANUS_KEEP_FDS_MAX], count;
	uint32_t *words;

	CHECK_INT(janus_keep_create(&keep, NULL), 0);
	count = janus_keep_get_fds(keep, fds);
	words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
	CHECK(words != MAP_FAILED);
	words[2]++; /* behind the magic number */
	CHECK_INT(janus_keep_adopt(&adopted, fds, (size_t)count), -EPROTO);
	CHECK(!adopted);
	janus_keep_destroy(keep);
}

static void an_audited_subject_needs_the_feature(void)
{
	struct plan plan = { .deny = { WORK "/file" }, .flags = JANUS_SUBJECT_AUDIT };
	struct janus_watch_report report;
	struct janus_watch *watch = NULL;
	bool available = available_features(NULL) & JANUS_FEATURE_AUDIT;
	struct actor actor;

	actor_start(&actor);
	stage_open(&stage);
	make_file(WORK "/file");
	make_file(WORK "/public");
	CHECK_INT(try_guard(&stage, &watch, &plan, &report), available ? 0 : -EOPNOTSUPP);
	CHECK_INT(try_open(&actor, WORK "/file"), available ? -EPERM : 0);
	if (available) {
		struct janus_stats stats = JANUS_STATS_INIT;

		EXPECT(&stage, WORK "/file", JANUS_VERDICT_DENY);
		guard(&stage, &(struct plan){ .allow = { WORK "/public" },
					      .flags = JANUS_SUBJECT_AUDIT });
		CHECK_INT(try_open(&actor, WORK "/public"), 0);
		EXPECT(&stage, WORK "/public", JANUS_VERDICT_ALLOW);
		CHECK_INT(janus_get_stats(stage.context, &stats), 0);
		CHECK_INT(stats.reply_errors, 0);
	}
	stage_close(&stage);
	actor_end(&actor);
}

static void without_cap_audit_write_an_audited_subject_is_refused(void)
{
	struct plan plan = { .deny = { WORK "/file" }, .flags = JANUS_SUBJECT_AUDIT };
	struct janus_watch_report report;
	struct janus_watch *watch = NULL;
	struct actor actor;

	drop_capability(CAP_AUDIT_WRITE);
	actor_start(&actor);
	CHECK(!(available_features(NULL) & JANUS_FEATURE_AUDIT));
	stage_open(&stage);
	make_file(WORK "/file");
	CHECK_INT(try_guard(&stage, &watch, &plan, &report), -EOPNOTSUPP);
	CHECK(report.message[0]);
	CHECK_INT(report.first_error, -EOPNOTSUPP);
	plan.flags = 0;
	guard(&stage, &plan);
	CHECK_INT(try_open(&actor, WORK "/file"), -EPERM);
	stage_close(&stage);
	actor_end(&actor);
}

static const struct test_case cases[] = {
	CASE(features_tell_what_can_be_done),
	CASE(without_cap_sys_admin_a_context_can_only_observe),
	CASE(nobody_can_observe),
	CASE(a_context_that_cannot_guard_can_be_polled_and_woken),
	CASE(a_context_outlives_the_rights_that_made_it),
	CASE(without_cap_sys_admin_there_is_no_keep),
	CASE(a_keep_does_not_pretend_to_know_what_is_new),
	CASE(a_keep_of_another_version_is_not_adopted),
	CASE(an_audited_subject_needs_the_feature),
	CASE(without_cap_audit_write_an_audited_subject_is_refused),
};

HARNESS_MAIN(cases)
