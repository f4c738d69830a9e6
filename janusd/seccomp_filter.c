// SPDX-License-Identifier: MIT
#include "seccomp_filter.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "seccomp_calls.h"
#include "util.h"

/* No operation of keyctl(2): with it, it tells of the keeper's filter that it is in force. */
#define QUESTION UINT32_C(0x6a616e75)

struct rule {
	uint32_t action;
	const char *name;
	unsigned int count;
	struct scmp_arg_cmp compare[1];
};

#ifdef JANUSD_UNFILTERED
/* A sanitizer traces and forks as it likes. */
int seccomp_filter_keeper(void)
{
	return 0;
}

int seccomp_filter_worker(void)
{
	return 0;
}
#else
/* What this machine has no such call for, nobody can make. */
static int add(scmp_filter_ctx filter, const struct rule *rule)
{
	int number = seccomp_syscall_resolve_name(rule->name);

	if (number == __NR_SCMP_ERROR)
		return 0;
	return seccomp_rule_add_array(filter, rule->action, number, rule->count,
				      rule->compare);
}

static int add_all(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
	for (; *names; names++) {
		int error = add(filter, &(struct rule){ action, *names, 0, { { 0 } } });

		if (error)
			return error;
	}
	return 0;
}

static int add_rules(scmp_filter_ctx filter, const struct rule *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int error = add(filter, &rules[i]);

		if (error)
			return error;
	}
	return 0;
}

/* Calls in another ABI of this machine would pass by all rules. */
static scmp_filter_ctx begin(uint32_t action)
{
	scmp_filter_ctx filter = seccomp_init(action);

	if (filter)
		seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	return filter;
}

/* Sorted, since each call of the responder goes through; an older library does without. */
static int finish(scmp_filter_ctx filter, int error)
{
	if (!error) {
		seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
		error = seccomp_load(filter);
	}
	seccomp_release(filter);
	return error;
}

static bool is_in_force(void)
{
	return syscall(SYS_keyctl, QUESTION, 0, 0, 0, 0) < 0 && errno == EALREADY;
}

int seccomp_filter_keeper(void)
{
	const struct rule rules[] = {
		{ SCMP_ACT_ERRNO(EALREADY),
		  "keyctl",
		  1,
		  { SCMP_A0(SCMP_CMP_EQ, QUESTION) } },
		{ SCMP_ACT_ERRNO(EPERM),
		  "keyctl",
		  1,
		  { SCMP_A0(SCMP_CMP_NE, QUESTION) } },
	};
	scmp_filter_ctx filter;
	int error;

	if (is_in_force())
		return 0;
	filter = begin(SCMP_ACT_ALLOW);
	if (!filter)
		return -ENOMEM;
	error = add_all(filter, SCMP_ACT_ERRNO(EPERM), seccomp_calls_of_nobody);
	if (!error)
		error = add_rules(filter, rules, ARRAY_COUNT(rules));
	return finish(filter, error);
}

/*
 * What is not listed fails as if the kernel were too old for it, which every library can stand;
 * to kill the worker instead would make a loop of restarts of some harmless question. clone3(2) is
 * such a call on purpose, for its flags cannot be looked at. A new process is what nobody needs:
 * that is refused outright.
 */
int seccomp_filter_worker(void)
{
	const struct rule rules[] = {
		{ SCMP_ACT_ALLOW,
		  "clone",
		  1,
		  { SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD) } },
		{ SCMP_ACT_ERRNO(EPERM),
		  "clone",
		  1,
		  { SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0) } },
		{ SCMP_ACT_ALLOW,
		  "tgkill",
		  1,
		  { SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()) } },
		{ SCMP_ACT_ALLOW,
		  "kill",
		  1,
		  { SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()) } },
		{ SCMP_ACT_ALLOW, "pidfd_send_signal", 1, { SCMP_A1(SCMP_CMP_EQ, 0) } },
		{ SCMP_ACT_ALLOW, "prlimit64", 1, { SCMP_A0(SCMP_CMP_EQ, 0) } },
		{ SCMP_ACT_ALLOW, "socket", 1, { SCMP_A0(SCMP_CMP_EQ, AF_UNIX) } },
		{ SCMP_ACT_ALLOW, "socket", 1, { SCMP_A0(SCMP_CMP_EQ, AF_INET) } },
		{ SCMP_ACT_ALLOW, "socket", 1, { SCMP_A0(SCMP_CMP_EQ, AF_INET6) } },
	};
	scmp_filter_ctx filter = begin(SCMP_ACT_ERRNO(ENOSYS));
	int error;

	if (!filter)
		return -ENOMEM;
	error = add_all(filter, SCMP_ACT_ALLOW, seccomp_calls_of_worker);
	if (!error)
		error = add_all(filter, SCMP_ACT_ERRNO(EPERM), seccomp_calls_of_keeper);
	if (!error)
		error = add_all(filter, SCMP_ACT_ERRNO(EPERM), seccomp_calls_of_nobody);
	if (!error)
		error = add_rules(filter, rules, ARRAY_COUNT(rules));
	return finish(filter, error);
}
#endif
