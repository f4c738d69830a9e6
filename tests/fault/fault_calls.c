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
	size_t counts[FAULTY_CALL_COUNT][2];
	bool happened;
};

struct trial {
	struct faulty_case what;
	const char *directory;
	struct told *told;
};

static int try(void *userdata)
{
	const struct trial *trial = userdata;
	const struct scenario_run run = {
		.kernel = &faulty_kernel,
		.directory = trial->directory,
		.may_break = trial->what.call == FAULTY_GARBAGE,
	};
	int failed;

	faulty_begin(&trial->what);
	failed = scenario_run(&run);
	if (faulty_closed_wrong()) {
		fputs("an fd was closed that was not open\n", stderr);
		failed = 1;
	}
	trial->told->happened = faulty_happened();
	for (int i = 0; i < FAULTY_CALL_COUNT; i++)
		for (int j = 0; j < 2; j++)
			trial->told->counts[i][j] = faulty_count(i, j);
	return failed;
}

static int try_all(struct trial *trial, size_t count, size_t *happened)
{
	int failed = 0;

	for (size_t nth = 1; nth <= count; nth++) {
		char name[64];

		trial->what.nth = nth;
		snprintf(name, sizeof(name), "%s #%zu of the %s",
			 faulty_name(trial->what.call), nth,
			 trial->what.responder ? "responder" : "caller");
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
		.responder = true,
		.no_replacing = true,
	};
	return try_all(trial, 1, happened);
}

int main(void)
{
	struct told *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct trial trial = { .directory = runner_begin(), .told = told };
	struct told clean;
	size_t happened = 0;
	int failed;

	if (told == MAP_FAILED || scenario_prepare(trial.directory) < 0) {
		perror("fault_calls");
		return 1;
	}
	failed = runner_run("without a fault", try, &trial);
	clean = *told;
	for (int call = 0; call < FAULTY_CALL_COUNT && !failed; call++) {
		const size_t *counts = clean.counts[call];

		if (counts[0] + counts[1] == 0 && call != FAULTY_REPLACE_FD) {
			fprintf(stderr, "%s: never called\n", faulty_name(call));
			failed = 1;
		}
	}
	for (int i = 0; i < 2 * FAULTY_CALL_COUNT; i++) {
		size_t before = happened;

		trial.what.call = i / 2;
		trial.what.responder = i % 2;
		failed |= try_all(&trial, clean.counts[i / 2][i % 2], &happened);
		printf("%s of the %s: %zu\n", faulty_name(i / 2),
		       i % 2 ? "responder" : "caller", happened - before);
	}
	failed |= try_no_replacing(&trial, &happened);
	runner_end();
	printf("%zu faults\n", happened);
	return failed || happened == 0;
}
