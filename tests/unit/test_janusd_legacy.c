// SPDX-License-Identifier: MIT
/*
 * The old service's requests as guards of janus.v1.
 */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "janus.pb-c.h"
#include "legacy.h"
#include "settings.h"

static const struct node_name node = { "here", false };

static int create(const Janus__JanusdConfig *message, struct guard_config **ret,
		  struct status *status)
{
	const struct guard_config_options options = { &node, &settings_default.limits,
						      "whatever" };
	struct wire_bytes bytes;
	int result;

	bytes.data = codec_pack(&message->base, &bytes.size);
	result = legacy_config_create(ret, bytes, &options, status);
	free((void *)(uintptr_t)bytes.data);
	return result;
}

struct sample {
	Janus__JanusdConfig config;
	Janus__JanusGuardSubject subject, *subjects[1];
	char *cids[2], *events[3], *paths[1];
	int32_t pids[1];
};

static struct sample *sample(void)
{
	static struct sample s;

	memset(&s, 0, sizeof(s));
	janus__janusd_config__init(&s.config);
	janus__janus_guard_subject__init(&s.subject);
	s.subjects[0] = &s.subject;
	s.cids[0] = "docker://abc";
	s.cids[1] = "def";
	s.pids[0] = 7;
	s.events[0] = "all";
	s.paths[0] = "/a";
	s.subject.event = s.events;
	s.subject.n_event = 1;
	s.subject.allow = s.paths;
	s.subject.n_allow = 1;
	s.config.name = "g";
	s.config.podname = "p";
	s.config.cid = s.cids;
	s.config.n_cid = 2;
	s.config.pid = s.pids;
	s.config.n_pid = 1;
	s.config.subject = s.subjects;
	s.config.n_subject = 1;
	return &s;
}

Test(legacy, becomes_a_guard)
{
	struct guard_config *config = NULL;
	struct status status;
	const Janus__V1__Guard *guard;

	cr_assert_eq(create(&sample()->config, &config, &status), 0);
	guard = config->guard;
	cr_expect(guard_config_is_legacy(config));
	cr_expect_str_eq(guard->name, "g");
	cr_expect_str_eq(guard->node, "here");
	cr_expect_str_eq(guard->pod, "p");
	cr_assert_eq(guard->n_targets, 3);
	cr_expect_str_eq(guard->targets[0]->container, "docker://abc");
	cr_expect_str_eq(guard->targets[1]->container, "def");
	cr_expect_eq(guard->targets[2]->pid, 7);
	cr_assert_eq(guard->n_subjects, 1);
	cr_assert_eq(guard->subjects[0]->n_events, 3);
	cr_expect_eq(config->subjects[0].events, JANUS_EVENT_ALL_PERMISSION);
	cr_expect_str_eq(config->subjects[0].allow[0], "/a");
	guard_config_destroy(config);
}

Test(legacy, old_words_are_told_in_old_words)
{
	struct guard_config *config = NULL;
	struct sample *s = sample();
	struct status status;

	s->events[0] = "create";
	cr_expect_eq(create(&s->config, &config, &status), -1);
	cr_expect_str_eq(status.message,
			 "subject[0].event[0]: 'create' is none of access,"
			 " open, exec, all");
	s = sample();
	s->config.logformat = "{";
	cr_expect_eq(create(&s->config, &config, &status), -1);
	cr_expect_eq(strncmp(status.message, "logFormat: ", 11), 0, "%s", status.message);
	s = sample();
	s->config.podname = "";
	cr_expect_eq(create(&s->config, &config, &status), -1);
	cr_expect_str_eq(status.message,
			 "podName: is empty, and a container is asked for");
}
