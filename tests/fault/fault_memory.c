// SPDX-License-Identifier: MIT
/*
 * Every allocation of the scenario fails once, in turn. A plain program, so that it also runs
 * under ThreadSanitizer.
 */
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>

#include "allocations.h"
#include "runner.h"
#include "scenario.h"

/* What the processes of the cases tell this one. */
struct told {
	size_t count;
	bool happened;
};

struct trial {
	size_t nth;
	const char *directory;
	const struct scenario_kind *kind;
	struct told *told;
};

static int try(void *userdata)
{
	const struct trial *trial = userdata;
	const struct scenario_run run = {
		.kernel = &janus__kernel_linux,
		.directory = trial->directory,
	};
	int failed;

	allocations_fail(trial->nth);
	failed = trial->kind->run(&run);
	trial->told->count = allocations_count();
	trial->told->happened = allocations_failed();
	return failed;
}

int main(int argc, char **argv)
{
	struct told *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct trial trial = { .directory = runner_begin(), .told = told };
	size_t count, happened = 0;
	int failed;

	trial.kind = argc > 1 ? scenario_find(argv[1]) : &scenario_guard;
	if (told == MAP_FAILED || !trial.kind ||
	    trial.kind->prepare(trial.directory) < 0) {
		perror("fault_memory");
		return 1;
	}
	failed = runner_run("without a fault", try, &trial);
	count = told->count;
	for (trial.nth = 1; trial.nth <= count; trial.nth++) {
		char name[32];

		snprintf(name, sizeof(name), "allocation #%zu", trial.nth);
		failed |= runner_run(name, try, &trial);
		happened += told->happened;
	}
	runner_end();
	printf("%zu faults\n", happened);
	return failed || happened == 0;
}
