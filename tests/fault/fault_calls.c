// SPDX-License-Identifier: MIT
/*
 * Every kernel call of the scenario fails once, in turn. A plain program, so that it also runs
 * under ThreadSanitizer.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "faulty_kernel.h"
#include "runner.h"
#include "scenario.h"

/* What the processes of the cases tell this one. */
struct told {
	size_t counts[FAULTY_CALL_COUNT][FAULTY_THREAD_COUNT];
	bool happened;
};

struct trial {
	struct faulty_case what;
	const char *directory;
	const struct scenario_kind *kind;
	struct told *told;
};

static int try(void *userdata)
{
	const struct trial *trial = userdata;
	const struct scenario_run run = {
		.kernel = &faulty_kernel,
		.directory = trial->directory,
		.may_break = trial->what.call == FAULTY_GARBAGE,
		.may_hide = trial->what.call == FAULTY_READ,
	};
	int failed;

	faulty_begin(&trial->what);
	failed = trial->kind->run(&run);
	if (faulty_closed_wrong()) {
		fputs("an fd was closed that was not open\n", stderr);
		failed = 1;
	}
	trial->told->happened = faulty_happened();
	for (int i = 0; i < FAULTY_CALL_COUNT; i++)
		for (int j = 0; j < FAULTY_THREAD_COUNT; j++)
			trial->told->counts[i][j] = faulty_count(i, j);
	return failed;
}

/* The watchdog does the same over and over, as long as the rest takes. */
#define WATCHDOG_CALLS_MAX 6

static size_t calls_of(const struct told *clean, int call, int thread)
{
	size_t count = clean->counts[call][thread];

	return thread == FAULTY_WATCHDOG && count > WATCHDOG_CALLS_MAX
		       ? WATCHDOG_CALLS_MAX
		       : count;
}

static int try_all(struct trial *trial, size_t count, size_t *happened)
{
	int failed = 0;

	for (size_t nth = 1; nth <= count; nth++) {
		char name[64];

		trial->what.nth = nth;
		snprintf(name, sizeof(name), "%s #%zu of the %s",
			 faulty_name(trial->what.call), nth,
			 faulty_thread_name(trial->what.thread));
		failed |= runner_run(name, try, trial);
		*happened += trial->told->happened;
	}
	return failed;
}

/* The only call that a run without faults does not make. */
static int try_no_replacing(struct trial *trial, size_t *happened)
{
	trial->what = (struct faulty_case){
		.call = FAULTY_GARBAGE,
		.thread = FAULTY_RESPONDER,
		.no_replacing = true,
	};
	return try_all(trial, 1, happened);
}

/* The scenario that a call has to be made in; NULL: it is made for want of something only. */
static const char *scenario_of(enum faulty_call call)
{
	switch (call) {
	case FAULTY_FS_ID:
	case FAULTY_GETDENTS:
	case FAULTY_NAME_TO_HANDLE:
	case FAULTY_QUEUED_BYTES:
		return "trees";
	case FAULTY_NS_OWNER:
	case FAULTY_EPOLL_WAIT:
	case FAULTY_TIMER_SET:
		return "who";
	case FAULTY_EPOLL_ARM:
	case FAULTY_MEMORY_CREATE:
	case FAULTY_MEMORY_SIZE:
	case FAULTY_MEMORY_MAP:
		return "keep";
	case FAULTY_REPLACE_FD:
	case FAULTY_PIDFD_OPEN_THREAD:
		return NULL;
	default:
		return "guard";
	}
}

/* What the scenario is about was asked for; the rest is the others'. */
static int check_calls(const struct told *clean, const struct scenario_kind *kind)
{
	for (int call = 0; call < FAULTY_CALL_COUNT; call++) {
		const char *name = scenario_of((enum faulty_call)call);
		size_t count = 0;

		for (int thread = 0; thread < FAULTY_THREAD_COUNT; thread++)
			count += clean->counts[call][thread];
		if (count || !name || strcmp(name, kind->name) != 0)
			continue;
		fprintf(stderr, "%s: never called\n", faulty_name(call));
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct told *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct trial trial = { .directory = runner_begin(), .told = told };
	struct told clean;
	size_t happened = 0;
	int failed;

	trial.kind = argc > 1 ? scenario_find(argv[1]) : &scenario_guard;
	if (told == MAP_FAILED || !trial.kind ||
	    trial.kind->prepare(trial.directory) < 0) {
		perror("fault_calls");
		return 1;
	}
	failed = runner_run("without a fault", try, &trial);
	clean = *told;
	if (!failed)
		failed = check_calls(&clean, trial.kind);
	for (int i = 0; i < FAULTY_THREAD_COUNT * FAULTY_CALL_COUNT; i++) {
		int call = i / FAULTY_THREAD_COUNT, thread = i % FAULTY_THREAD_COUNT;
		size_t before = happened;

		if (call == FAULTY_GARBAGE && trial.kind->no_garbage)
			continue;
		trial.what.call = call;
		trial.what.thread = thread;
		failed |= try_all(&trial, calls_of(&clean, call, thread), &happened);
		if (clean.counts[call][thread])
			printf("%s of the %s: %zu\n", faulty_name(call),
			       faulty_thread_name(thread), happened - before);
	}
	if (!trial.kind->no_garbage)
		failed |= try_no_replacing(&trial, &happened);
	runner_end();
	printf("%zu faults\n", happened);
	return failed || happened == 0;
}
