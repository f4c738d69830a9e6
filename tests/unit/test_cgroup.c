// SPDX-License-Identifier: MIT
#include "cgroup.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ID "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a"
#define OTHER "0af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a"
#define TWIN "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4aff"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The cgroup file's text, its id, and what comes of it. */
static int match(const char *id, const char *text, struct janus__cgroup_match *ret)
{
	struct janus__container_id parsed;

	cr_assert_eq(janus__container_id_parse(id, &parsed), 0, "%s", id);
	return janus__cgroup_match(&parsed, text, strlen(text), ret);
}

static void assert_text(const char *text, size_t length, const char *wanted)
{
	cr_assert_eq(length, strlen(wanted), "%.*s is not %s", (int)length, text, wanted);
	cr_assert_eq(memcmp(text, wanted, length), 0, "%.*s is not %s", (int)length, text,
		     wanted);
}

Test(cgroup, takes_a_full_id)
{
	struct janus__container_id id;

	cr_assert_eq(janus__container_id_parse(ID, &id), 0);
	cr_assert_str_eq(id.text, ID);
	cr_assert_eq(id.length, 64);
	cr_assert_not(id.is_short);
}

Test(cgroup, takes_off_the_scheme)
{
	static const char *const given[] = {
		"docker://" ID, "containerd://" ID, "cri-o://" ID,
		"podman://" ID, "rkt://" ID,
	};

	for (size_t i = 0; i < COUNT(given); i++) {
		struct janus__container_id id;

		cr_assert_eq(janus__container_id_parse(given[i], &id), 0, "%s", given[i]);
		cr_assert_str_eq(id.text, ID);
	}
}

Test(cgroup, short_ids_have_12_to_63_digits)
{
	static const struct {
		const char *given;
		bool is_short;
	} cases[] = {
		{ "3af95bbe5eb", false },
		{ "3af95bbe5ebe", true },
		{ "3AF95BBE5EBE", false },
		{ "3af95bbe5ebx", false },
		{ "3af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4",
		  true },
		{ ID "0", false },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct janus__container_id id;

		cr_assert_eq(janus__container_id_parse(cases[i].given, &id), 0);
		cr_assert_eq(id.is_short, cases[i].is_short, "%s", cases[i].given);
	}
}

Test(cgroup, takes_a_name_of_128_characters)
{
	struct janus__container_id id;
	char name[130];

	memset(name, 'x', sizeof(name));
	name[128] = '\0';
	cr_assert_eq(janus__container_id_parse(name, &id), 0);
	cr_assert_eq(id.length, 128);
	name[128] = 'x';
	name[129] = '\0';
	cr_assert_eq(janus__container_id_parse(name, &id), -EINVAL);
}

Test(cgroup, refuses_what_is_no_id)
{
	static const char *const given[] = {
		"",
		"docker://",
		"http://" ID,
		"docker://docker://" ID,
		"a/b",
		"../" ID,
		"/" ID,
		ID "/",
		"a b",
		"a\nb",
		"a:b",
		"\xc3\xa4",
		".",
		"..",
		".hidden",
		"-a",
		"_a",
		"system.slice",
		"a.service",
		"init.scope",
		"x.mount",
		"y.socket",
		"docker",
		"kubepods",
		"libpod_parent",
		"crio",
		"besteffort",
		"burstable",
		"guaranteed",
		"user",
		"system",
		"k8s.io",
		"docker-" ID ".scope",
		"docker-" ID,
		"libpod-" ID,
		"libpod-conmon-" ID,
		"crio-conmon-x",
		"cri-containerd-" ID,
		"pod0a1b2c3d-1111-2222-3333-444455556666",
		"pod0a1b2c3d111122223333444455556666",
	};

	for (size_t i = 0; i < COUNT(given); i++) {
		struct janus__container_id id = { .length = 4711 };

		cr_assert_eq(janus__container_id_parse(given[i], &id), -EINVAL, "%s",
			     given[i]);
		cr_assert_eq(id.length, 4711, "%s", given[i]);
	}
}

Test(cgroup, takes_lines_apart)
{
	const char text[] = "12:cpu,cpuacct:/a\n1:name=systemd:/b:c/d e\n0::/\n";
	struct janus__cgroup_line line;
	size_t at = 0;

	cr_assert_eq(janus__cgroup_next(text, strlen(text), &at, &line), 1);
	cr_assert_eq(line.hierarchy, 12);
	assert_text(line.controllers, line.controllers_length, "cpu,cpuacct");
	assert_text(line.path, line.path_length, "/a");
	cr_assert_eq(janus__cgroup_next(text, strlen(text), &at, &line), 1);
	cr_assert_eq(line.hierarchy, 1);
	assert_text(line.path, line.path_length, "/b:c/d e");
	cr_assert_eq(janus__cgroup_next(text, strlen(text), &at, &line), 1);
	cr_assert_eq(line.hierarchy, 0);
	cr_assert_eq(line.controllers_length, 0);
	assert_text(line.path, line.path_length, "/");
	cr_assert_eq(janus__cgroup_next(text, strlen(text), &at, &line), 0);
}

Test(cgroup, refuses_what_is_no_line)
{
	static const char *const texts[] = {
		"0::/",
		"\n",
		"0\n",
		"0:\n",
		"0::\n",
		"0::a\n",
		":cpu:/a\n",
		"x::/a\n",
		"-1::/a\n",
		"4294967296::/a\n",
		"18446744073709551616::/a\n",
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct janus__cgroup_match ret = { .depth = 4711 };

		cr_assert_eq(match(ID, texts[i], &ret), -EBADMSG, "%s", texts[i]);
		cr_assert_eq(ret.depth, 4711, "%s", texts[i]);
	}
}

Test(cgroup, finds_every_shape)
{
	static const char *const paths[] = {
		"/" ID,
		"/docker/" ID,
		"/default/" ID,
		"/kubepods/besteffort/pod0a1b2c3d-1111-2222-3333-444455556666/" ID,
		"/system.slice/docker-" ID ".scope",
		"/machine.slice/libpod-" ID ".scope",
		"/libpod_parent/libpod-" ID,
		"/user.slice/user-0.slice/x.service/libpod-payload-" ID,
		"/kubepods.slice/kubepods-burstable.slice/cri-containerd-" ID ".scope",
		"/kubepods.slice/crio-" ID ".scope",
		"/kubepods/burstable/podx/crio-" ID,
		"/system.slice/nerdctl-" ID ".scope",
		"/system.slice/runc-" ID ".scope",
		"/../../docker/" ID,
		"/a:b/" ID,
	};

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct janus__cgroup_match ret;
		char text[512];

		snprintf(text, sizeof(text), "4:memory:/\n0::%s/inner.slice/x y\n",
			 paths[i]);
		cr_assert_eq(match(ID, text, &ret), 1, "%s", paths[i]);
		assert_text(ret.id, ret.id_length, ID);
		assert_text(ret.path, ret.prefix_length, paths[i]);
		cr_assert_eq(ret.hierarchy, 0);
		cr_assert_eq(ret.depth, 0);
		cr_assert_not(ret.is_nested);
		cr_assert_eq(match("3af95bbe5ebe", text, &ret), 1, "%s", paths[i]);
		assert_text(ret.id, ret.id_length, ID);
	}
}

Test(cgroup, leaves_others_alone)
{
	static const char *const paths[] = {
		"/",
		"/docker/" OTHER,
		"/machine.slice/libpod-conmon-" ID ".scope",
		"/kubepods.slice/crio-conmon-" ID ".scope",
		"/docker/" ID "0",
		"/docker/0" ID,
		"/docker/x-" ID ".scope",
		"/docker/" ID ".slice",
		"/docker/" ID ".scope.scope",
		"/docker/docker-docker-" ID,
		"/docker/" ID "x",
		"/3af95bbe5ebe3",
	};

	for (size_t i = 0; i < COUNT(paths); i++) {
		struct janus__cgroup_match ret = { .depth = 4711 };
		char text[512];

		snprintf(text, sizeof(text), "1:" ID ":/\n0::%s\n", paths[i]);
		cr_assert_eq(match(ID, text, &ret), 0, "%s", paths[i]);
		cr_assert_eq(ret.depth, 4711);
	}
}

Test(cgroup, finds_a_name_as_a_whole_part_only)
{
	struct janus__cgroup_match ret;

	cr_assert_eq(match("web.1", "0::/default/web.1/x\n", &ret), 1);
	assert_text(ret.id, ret.id_length, "web.1");
	assert_text(ret.path, ret.prefix_length, "/default/web.1");
	cr_assert_eq(match("web", "0::/system.slice/runc-web.scope\n", &ret), 1);
	assert_text(ret.id, ret.id_length, "web");
	cr_assert_eq(match("web", "0::/default/web.1\n", &ret), 0);
	cr_assert_eq(match("web", "0::/default/xweb\n", &ret), 0);
	cr_assert_eq(match("web", "0::/docker-web.scope\n", &ret), 0);
	cr_assert_eq(match("web", "0::/runc-web\n", &ret), 0);
	cr_assert_eq(match("web", "0::/runc-web.1.scope\n", &ret), 0);
}

Test(cgroup, finds_a_name_of_hexadecimal_digits)
{
	struct janus__cgroup_match ret;

	cr_assert_eq(match("deadbeefcafe", "0::/default/deadbeefcafe\n", &ret), 1);
	assert_text(ret.id, ret.id_length, "deadbeefcafe");
	cr_assert_eq(match("deadbeefcafe", "0::/default/deadbeefcafe0\n", &ret), 0);
}

Test(cgroup, finds_the_id_on_any_line)
{
	struct janus__cgroup_match ret;

	cr_assert_eq(match(ID, "9:pids:/\n3:memory:/p/docker/" ID "\n0::/\n", &ret), 1);
	cr_assert_eq(ret.hierarchy, 3);
	assert_text(ret.path, ret.prefix_length, "/p/docker/" ID);
}

Test(cgroup, finds_the_id_where_the_cgroup_was_removed)
{
	struct janus__cgroup_match ret;

	cr_assert_eq(match(ID, "0::/docker/" ID " (deleted)\n", &ret), 1);
	assert_text(ret.path, ret.prefix_length, "/docker/" ID);
}

Test(cgroup, counts_containers_around_and_inside)
{
	struct janus__cgroup_match ret;
	const char text[] = "0::/docker/" OTHER "/kubepods/cri-containerd-" ID ".scope\n";

	cr_assert_eq(match(OTHER, text, &ret), 1);
	cr_assert_eq(ret.depth, 0);
	cr_assert(ret.is_nested);
	assert_text(ret.path, ret.prefix_length, "/docker/" OTHER);
	cr_assert_eq(match(ID, text, &ret), 1);
	cr_assert_eq(ret.depth, 1);
	cr_assert_not(ret.is_nested);
}

Test(cgroup, prefers_the_line_of_the_least_depth)
{
	struct janus__cgroup_match ret;

	cr_assert_eq(match(ID,
			   "5:cpu:/docker/" OTHER "/" ID "\n4:pids:/x/" ID "\n0::/" ID
			   "\n",
			   &ret),
		     1);
	cr_assert_eq(ret.hierarchy, 4);
	cr_assert_eq(ret.depth, 0);
}

Test(cgroup, short_id_of_two_containers_is_ambiguous)
{
	struct janus__cgroup_match ret = { .depth = 4711 };

	cr_assert_eq(match("3af95bbe5ebe", "0::/docker/" ID "/docker/" TWIN "\n", &ret),
		     -ENOTUNIQ);
	cr_assert_eq(match("3af95bbe5ebe", "2:cpu:/" ID "\n0::/" TWIN "\n", &ret),
		     -ENOTUNIQ);
	cr_assert_eq(ret.depth, 4711);
	cr_assert_eq(match("3af95bbe5ebe", "2:cpu:/" ID "\n0::/" ID "/" ID "\n", &ret),
		     1);
}
