// SPDX-License-Identifier: MIT
/*
 * Whom exceptions mean, of processes in a fake /proc; never a guess where it cannot be told.
 */
#include "excepted.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fake_actor.h"
#include "fake_proc.h"

#define PID 10
#define OWNER 5
#define YES JANUS__LISTED_YES
#define NO JANUS__LISTED_NO
#define UNKNOWN JANUS__LISTED_UNKNOWN

static struct janus__actor actor;
static struct janus__spec spec;

static void add(int32_t pid, int32_t parent, uint64_t start_time)
{
	fake_proc_add(&(struct fake_process){
		.pid = pid, .ppid = parent, .start_time = start_time });
}

static void look(void)
{
	struct janus__actor_fds fds;

	janus__actor_read(&actor, &fake_actor.proc, PID, &fds);
	janus__actor_fds_done(&fds, &fake_actor.kernel);
}

static void setup(void)
{
	fake_actor_begin();
	add(1, 0, 1);
	add(OWNER, 1, 50);
	add(7, OWNER, 70);
	add(PID, 7, 100);
	fake_actor_add(PID);
	look();
	spec.owner = (struct janus__process){ OWNER, 50 };
}

TestSuite(excepted, .init = setup, .fini = fake_actor_end);

static enum janus__listed ask_all(struct janus__exception *exceptions, uint32_t count)
{
	const struct janus__subject subject = {
		.exceptions = exceptions,
		.exception_count = count,
	};
	enum janus__listed listed = janus__excepted(&fake_actor.proc, &spec, &subject,
						    &actor);

	cr_assert_eq(fake_actor.open_count, 0);
	return listed;
}

static enum janus__listed ask(struct janus__exception exception)
{
	return ask_all(&exception, 1);
}

#define ASK(...) ask((struct janus__exception){ __VA_ARGS__ })

Test(excepted, nobody_is_meant_by_none)
{
	cr_assert_eq(ask_all(NULL, 0), NO);
	actor.facts.gone = true;
	cr_assert_eq(ask_all(NULL, 0), NO);
}

Test(excepted, who_is_gone_cannot_be_told)
{
	actor.facts.gone = true;
	cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_UID, .number = 1000), UNKNOWN);
	cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_OUTSIDE), UNKNOWN);
}

Test(excepted, users_and_groups_are_numbers)
{
	cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_UID, .number = 1000), YES);
	cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_UID, .number = 100), NO);
	cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_GID, .number = 100), YES);
	cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_GID, .number = 1000), NO);
}

Test(excepted, a_cgroup_stands_for_those_below_it)
{
	static const struct {
		const char *path;
		enum janus__listed wanted;
	} rows[] = {
		{ "/docker/" FAKE_ACTOR_ID "/below", YES },
		{ "/docker", YES },
		{ "/dock", NO },
		{ "/docker/" FAKE_ACTOR_ID "/below/it", NO },
		{ "/below", NO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_CGROUP, .text = rows[i].path),
			     rows[i].wanted, "%s", rows[i].path);
	actor.cgroups_length = 0;
	cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_CGROUP, .text = "/docker"), UNKNOWN);
}

Test(excepted, of_containers_inside_each_other_the_outermost_counts)
{
	static const char other[] =
		"0af95bbe5ebe3f58317cc9c2d1495686993579df43658e87cec19814eafa4a4a";
	char text[512];

	cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_CONTAINER, .text = FAKE_ACTOR_ID), YES);
	cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_CONTAINER, .text = "3af95bbe5ebe"), YES);
	cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_CONTAINER, .text = other), NO);
	/* A cgroup that is called like another container, made from within one. */
	snprintf(text, sizeof(text), "0::/docker/%s/docker/" FAKE_ACTOR_ID "\n", other);
	fake_proc_write(PID, "cgroup", text);
	look();
	cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_CONTAINER, .text = FAKE_ACTOR_ID), NO);
	cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_CONTAINER, .text = other), YES);
	actor.cgroups_length = 0;
	cr_assert_eq(ASK(.kind = JANUS_EXCEPTION_CONTAINER, .text = other), UNKNOWN);
}

Test(excepted, a_container_that_was_there_is_its_whole_cgroup)
{
	struct janus__exception meant = { .kind = JANUS_EXCEPTION_CONTAINER,
					  .text = FAKE_ACTOR_ID };
	char here[] = "/docker/" FAKE_ACTOR_ID, elsewhere[] = "/forged/" FAKE_ACTOR_ID;

	meant.cgroup = here;
	cr_assert_eq(ask(meant), YES);
	meant.cgroup = elsewhere;
	cr_assert_eq(ask(meant), NO);
	actor.cgroups_length = 0;
	cr_assert_eq(ask(meant), UNKNOWN);
}

static enum janus__listed ask_ancestor(uint32_t pid, uint64_t start_time)
{
	return ASK(.kind = JANUS_EXCEPTION_ANCESTOR, .number = pid,
		   .start_time = start_time);
}

Test(excepted, an_ancestor_is_known_by_when_it_started)
{
	cr_assert_eq(ask_ancestor(PID, 100), YES);
	cr_assert_eq(ask_ancestor(7, 70), YES);
	cr_assert_eq(ask_ancestor(OWNER, 50), YES);
	cr_assert_eq(ask_ancestor(7, 60), NO);
	cr_assert_eq(ask_ancestor(11, 50), NO);
	cr_assert_eq(ask_ancestor(0, 0), NO);
	fake_actor.failing_open = 1;
	cr_assert_eq(ask_ancestor(OWNER, 50), UNKNOWN);
	fake_proc_remove(7);
	cr_assert_eq(ask_ancestor(OWNER, 50), UNKNOWN);
}

/* The program of the process, and one at "/bin/tool" in the target's root. */
static void put_programs(struct stat *ret)
{
	char path[256];

	fake_proc_folder("programs");
	fake_proc_text("programs", "running", "");
	fake_proc_folder("root/bin");
	fake_proc_text("root/bin", "tool", "");
	fake_proc_link("../root", "5/root");
	snprintf(path, sizeof(path), "%s/10/exe", fake_actor.folder);
	cr_assert_eq(remove(path), 0);
	fake_proc_link("../programs/running", "10/exe");
	cr_assert_eq(stat(path, ret), 0);
}

static enum janus__listed ask_exe(const struct stat *st)
{
	return ASK(.kind = JANUS_EXCEPTION_EXE, .text = "/bin/tool",
		   .device = st ? st->st_dev : 0, .inode = st ? st->st_ino : 0);
}

Test(excepted, a_program_is_the_file_that_was_meant)
{
	struct stat running;

	put_programs(&running);
	cr_assert_eq(ask_exe(&running), YES);
	running.st_dev++;
	cr_assert_eq(ask_exe(&running), NO);
	cr_assert_eq(ask_exe(NULL), NO);
}

Test(excepted, a_program_is_also_the_file_that_lies_there_now)
{
	struct stat running;
	char path[256];

	put_programs(&running);
	snprintf(path, sizeof(path), "%s/10/exe", fake_actor.folder);
	cr_assert_eq(remove(path), 0);
	fake_proc_link("../root/bin/tool", "10/exe");
	cr_assert_eq(ask_exe(&running), YES);
	cr_assert_eq(ask_exe(NULL), YES);
	/* What we are short of says nothing of who it is. */
	fake_actor.failing_open = 1;
	cr_assert_eq(ask_exe(NULL), UNKNOWN);
	snprintf(path, sizeof(path), "%s/5/root", fake_actor.folder);
	cr_assert_eq(remove(path), 0);
	cr_assert_eq(ask_exe(NULL), NO);
	fake_proc_remove(PID);
	cr_assert_eq(ask_exe(NULL), UNKNOWN);
}

Test(excepted, outside_is_who_is_in_no_way_inside)
{
	struct janus__exception outside = { .kind = JANUS_EXCEPTION_OUTSIDE };

	cr_assert_eq(ask(outside), NO); /* it descends from the owner */
	spec.owner.start_time = 49;
	cr_assert_eq(ask(outside), YES);
	spec.pid_namespace = actor.pid_namespace;
	cr_assert_eq(ask(outside), NO);
	spec.pid_namespace++;
	cr_assert_eq(ask(outside), YES);
	spec.container_id = FAKE_ACTOR_ID;
	cr_assert_eq(ask(outside), NO);
	actor.cgroups_length = 0;
	cr_assert_eq(ask(outside), UNKNOWN);
	spec.container_id = NULL;
	fake_actor.failing_open = 1;
	cr_assert_eq(ask(outside), UNKNOWN);
}

Test(excepted, of_several_one_is_enough_and_doubt_counts_more_than_no)
{
	struct janus__exception several[] = {
		{ .kind = JANUS_EXCEPTION_UID, .number = 1 },
		{ .kind = JANUS_EXCEPTION_CGROUP, .text = "/x" },
		{ .kind = JANUS_EXCEPTION_UID, .number = 2 },
	};

	cr_assert_eq(ask_all(several, 3), NO);
	actor.cgroups_length = 0;
	cr_assert_eq(ask_all(several, 3), UNKNOWN);
	several[2].number = 1000;
	cr_assert_eq(ask_all(several, 3), YES);
}
