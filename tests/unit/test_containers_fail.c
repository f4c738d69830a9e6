// SPDX-License-Identifier: MIT
#include "containers.h"

#include <criterion/criterion.h>
#include <errno.h>

#include "fake_census.h"
#include "fault/allocations.h"

TestSuite(containers_fail, .init = census_begin, .fini = census_end);

Test(containers_fail, find_says_when_it_could_not_look)
{
	census_add_all();
	census_create(NULL);
	cr_assert_eq(census_refresh(), 0);
	fake_census.fault.nth = 1;
	fake_census.fault.error = -ENFILE;
	cr_assert_eq(census_find(20), -EMFILE);
	cr_assert_eq(census_find(20), 0);
	census_expect_one(fake_census.found, SECOND, 2);
}

static int try_create(const struct janus_containers_options *options)
{
	struct janus_containers *const before = (void *)&fake_census.open_count;
	struct janus_containers *ret = before;
	long blocks = allocations_live();
	int err = janus__containers_create(&fake_census.kernel, fake_census.proc_path,
					   options, &ret);

	cr_assert_lt(err, 0);
	cr_assert_eq(ret, before);
	cr_assert_eq(fake_census.open_count, 0);
	cr_assert_eq(allocations_live(), blocks);
	return err;
}

Test(containers_fail, are_not_made_of_what_makes_no_sense)
{
	static const char *const relative[] = { "/run", "run" };
	static const char *const none[] = { NULL };
	static const char *const empty[] = { "" };
	struct {
		struct janus_containers_options known;
		uint64_t unknown;
	} larger = { JANUS_CONTAINERS_OPTIONS_INIT, 1 };
	struct janus_containers_options options = JANUS_CONTAINERS_OPTIONS_INIT;

	options.state_root_count = 1;
	cr_assert_eq(try_create(&options), -EINVAL);
	options.state_roots = none;
	cr_assert_eq(try_create(&options), -EINVAL);
	options.state_roots = empty;
	cr_assert_eq(try_create(&options), -EINVAL);
	options.state_roots = relative;
	options.state_root_count = 2;
	cr_assert_eq(try_create(&options), -EINVAL);
	options.state_root_count = UINT64_MAX;
	cr_assert_eq(try_create(&options), -EINVAL);
	larger.known.size = sizeof(larger);
	cr_assert_eq(try_create(&larger.known), -E2BIG);
	cr_assert_eq(janus__containers_create(&fake_census.kernel, fake_census.proc_path,
					      NULL, NULL),
		     -EINVAL);
}

Test(containers_fail, are_not_made_without_means)
{
	static const char *const roots[] = { "/run", "/var" };
	static const int errors[][2] = {
		{ -EMFILE, -EMFILE }, { -ENFILE, -EMFILE }, { -ENOMEM, -ENOMEM },
		{ -ENOENT, -EIO },    { -EACCES, -EIO },
	};
	struct janus_containers_options options = JANUS_CONTAINERS_OPTIONS_INIT;

	options.state_roots = roots;
	options.state_root_count = 2;
	for (size_t nth = 1; nth <= 4; nth++) {
		allocations_fail(nth);
		cr_assert_eq(try_create(&options), -ENOMEM);
		cr_assert(allocations_failed());
	}
	allocations_fail(0);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		fake_census.fault.nth = 1;
		fake_census.fault.error = errors[i][0];
		cr_assert_eq(try_create(&options), errors[i][1]);
	}
}

/* Either we are told, or nobody is missing; and afterwards all is well again. */
static void expect_told(int err, int wanted)
{
	cr_assert(err == 0 || err == wanted, "%d", err);
	if (err == 0)
		census_expect_all();
	fake_census.fault.nth = 0;
	cr_assert_eq(census_find(20), err ? 1 : 0);
	census_expect_all();
}

Test(containers_fail, without_fds_whoever_is_missing_is_told)
{
	static const int errors[][2] = {
		{ -EMFILE, -EMFILE },
		{ -ENFILE, -EMFILE },
		{ -ENOMEM, -ENOMEM },
	};

	census_add_all();
	census_create(NULL);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		for (unsigned int nth = 1;; nth++) {
			bool happened;
			int err;

			fake_census.fault.nth = nth;
			fake_census.fault.error = errors[i][0];
			err = census_refresh();
			happened = fake_census.fault.nth == 0;
			expect_told(err, errors[i][1]);
			if (!happened)
				break;
			cr_assert_lt(nth, 1000);
		}
	}
}

Test(containers_fail, without_memory_whoever_is_missing_is_told)
{
	long blocks;

	census_add_all();
	census_create(NULL);
	cr_assert_eq(census_refresh(), 0);
	blocks = allocations_live();
	for (size_t nth = 1;; nth++) {
		bool happened;
		int err;

		allocations_fail(nth);
		err = census_refresh();
		happened = allocations_failed();
		allocations_fail(0);
		expect_told(err, -ENOMEM);
		cr_assert_eq(allocations_live(), blocks);
		if (!happened)
			break;
		cr_assert_lt(nth, 1000);
	}
}
