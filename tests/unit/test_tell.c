// SPDX-License-Identifier: MIT
#include "tell.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "fake_proc.h"
#include "make_tree.h"

#define SIZE 65536u

static struct janus__ring ring;
static struct janus__counters counters;
static struct janus__teller teller;
static struct janus__proc proc;
static struct janus__tree *tree;
static struct janus__node *root, *child;

static void setup(void)
{
	make_trees_setup();
	cr_assert_eq(janus__ring_init(&ring, SIZE), 0);
	teller = (struct janus__teller){ .ring = &ring, .counters = &counters };
	cr_assert_eq(janus__proc_open(&janus__kernel_linux, fake_proc_create(), &proc),
		     0);
	cr_assert_eq(janus__actors_create(&teller.actors, &proc, 1), 0);
	tree = make_tree((struct make_rule){ .mode = JANUS_MODE_AUDIT });
	make_tree_subject(tree)->events = JANUS_EVENT_CREATE | JANUS_EVENT_RENAME;
	tree->active = true;
	root = make_root(tree, "/r", 1, 0);
	child = make_child(root, "c", 2, 0);
}

static void teardown(void)
{
	janus__ring_done(&ring);
	janus__actors_destroy(teller.actors);
	janus__proc_done(&proc);
	fake_proc_destroy();
	make_trees_teardown();
}

TestSuite(tell, .init = setup, .fini = teardown);

static void tell(uint32_t kind)
{
	janus__tell(&teller, &(struct janus__news){
				     .node = root,
				     .name = "x",
				     .kind = kind,
				     .file_type = JANUS_FILE_SYMLINK,
				     .pid = 77,
			     });
}

static char text[PATH_MAX], old_text[PATH_MAX];

/* The next record; false: there is none. */
static bool take(struct janus__record *ret)
{
	struct janus__texts texts;

	if (!janus__ring_peek(&ring, ret, &texts))
		return false;
	snprintf(text, sizeof(text), "%s", texts.at[JANUS__TEXT_PATH]);
	snprintf(old_text, sizeof(old_text), "%s", texts.at[JANUS__TEXT_OLD_PATH]);
	janus__spec_unref(ret->spec);
	janus__ring_pop(&ring, ret);
	return true;
}

Test(tell, a_record_says_what_happened_where_and_by_whom)
{
	struct janus__record record;

	tell(JANUS_EVENT_CREATE);
	cr_assert(teller.told);
	cr_assert(take(&record));
	cr_assert_eq(record.kind, JANUS_EVENT_CREATE);
	cr_assert_eq(record.file_type, JANUS_FILE_SYMLINK);
	cr_assert_eq(record.who.pid, 77);
	cr_assert(record.who.gone);
	cr_assert_eq(record.spec, tree->spec);
	cr_assert_eq(record.rule, tree->rule);
	cr_assert_gt(record.time_ns, 0);
	cr_assert_str_eq(text, "/r/x");
	cr_assert_eq(counters.observed_records, 1);
	cr_assert_not(take(&record));
}

Test(tell, a_verdict_is_what_it_would_have_been)
{
	struct janus__record record;

	tell(JANUS_EVENT_CREATE);
	cr_assert(take(&record));
	cr_assert_eq(record.verdict, JANUS_VERDICT_ALLOW);
	cr_assert_eq(record.reason, JANUS_REASON_RULE);
	make_tree_rule(tree)->deny = true;
	tell(JANUS_EVENT_CREATE);
	cr_assert(take(&record));
	cr_assert_eq(record.verdict, JANUS_VERDICT_WOULD_DENY);
	cr_assert_eq(record.reason, JANUS_REASON_RULE);
}

Test(tell, what_is_only_observed_has_no_verdict)
{
	struct janus__record record;

	make_tree_rule(tree)->observe = true;
	tell(JANUS_EVENT_CREATE);
	cr_assert(take(&record));
	cr_assert_eq(record.verdict, 0);
	cr_assert_eq(record.reason, 0);
}

Test(tell, only_the_wanted_kinds_are_told)
{
	struct janus__record record;

	tell(JANUS_EVENT_DELETE);
	tell(JANUS_EVENT_MODIFY);
	cr_assert_not(take(&record));
	cr_assert_not(teller.told);
	tell(JANUS_EVENT_RENAME);
	cr_assert(take(&record));
}

Test(tell, a_tree_that_is_not_in_force_tells_nothing)
{
	struct janus__record record;

	tree->active = false;
	tell(JANUS_EVENT_CREATE);
	janus__tell_gap(&teller, tree, "/r", -ENOSPC);
	cr_assert_not(take(&record));
	cr_assert_not(teller.told);
}

/* Who is asked tells himself what he was asked. */
Test(tell, a_tree_that_asks_is_not_observed)
{
	struct janus__record record;

	make_tree_subject(tree)->mode = JANUS_MODE_ENFORCE;
	tell(JANUS_EVENT_CREATE);
	make_tree_subject(tree)->mode = JANUS_MODE_DRY_RUN;
	tell(JANUS_EVENT_CREATE);
	make_tree_subject(tree)->mode = JANUS_MODE_AUDIT;
	cr_assert_not(take(&record));
}

Test(tell, a_rename_has_its_old_path_too)
{
	struct janus__record record;

	janus__tell(&teller, &(struct janus__news){ .node = child,
						    .name = "new",
						    .old_node = root,
						    .old_name = "former",
						    .kind = JANUS_EVENT_RENAME });
	cr_assert(take(&record));
	cr_assert_str_eq(text, "/r/c/new");
	cr_assert_str_eq(old_text, "/r/former");
}

Test(tell, a_directory_is_told_by_its_own_path)
{
	struct janus__record record;

	janus__tell(&teller,
		    &(struct janus__news){ .node = child, .kind = JANUS_EVENT_CREATE });
	cr_assert(take(&record));
	cr_assert_str_eq(text, "/r/c");
}

/* The longest paths that there are, in both places; and those that are too long. */
Test(tell, long_paths_are_told_as_long_as_they_fit)
{
	static char name[PATH_MAX + 1];
	struct janus__record record;
	struct janus__news news = { .node = root,
				    .name = name,
				    .old_node = root,
				    .old_name = name,
				    .kind = JANUS_EVENT_RENAME };

	memset(name, 'n', PATH_MAX - 1 - strlen("/r/"));
	janus__tell(&teller, &news);
	cr_assert(take(&record));
	cr_assert_eq(strlen(text), PATH_MAX - 1);
	cr_assert_eq(strlen(old_text), PATH_MAX - 1);
	name[strlen(name)] = 'n';
	janus__tell(&teller, &news);
	cr_assert(take(&record));
	cr_assert_str_eq(text, "");
	cr_assert_str_eq(old_text, "");
	news.old_name = "old";
	janus__tell(&teller, &news);
	cr_assert(take(&record));
	cr_assert_str_eq(text, "");
	cr_assert_str_eq(old_text, "/r/old");
}

Test(tell, a_gap_says_where_and_why)
{
	struct janus__record record;

	janus__tell_gap(&teller, tree, "/r/c", -ENOSPC);
	cr_assert(take(&record));
	cr_assert_eq(record.kind, JANUS_EVENT_GAP);
	cr_assert_eq(record.error, -ENOSPC);
	cr_assert_eq(record.spec, tree->spec);
	cr_assert_eq(record.verdict, 0);
	cr_assert_str_eq(text, "/r/c");
}

Test(tell, what_finds_no_room_is_counted_as_lost)
{
	uint64_t told = 0, lost;
	struct janus__record record;

	for (int i = 0; i < 2000; i++)
		tell(JANUS_EVENT_CREATE);
	lost = counters.observed_dropped;
	cr_assert_gt(lost, 0);
	cr_assert_eq(counters.observed_records + lost, 2000);
	/* A reference goes with each record that is in the ring. */
	cr_assert_eq(atomic_load(&tree->spec->references), 1 + counters.observed_records);
	while (take(&record) && record.spec)
		told++;
	cr_assert_eq(told, counters.observed_records);
	cr_assert_eq(record.lost, lost);
	cr_assert_eq(atomic_load(&tree->spec->references), 1);
}
