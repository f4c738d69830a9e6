// SPDX-License-Identifier: MIT
/*
 * From one keeper to the next, which is the same process: it has executed what lies under its
 * path by now. The worker answers until the new program is there to start its own; a program that
 * cannot be executed changes nothing.
 */
#include <janus/keep.h>
#include <janus/version.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "adopt.h"
#include "cmdline.h"
#include "keeper_internal.h"
#include "log.h"
#include "notify.h"
#include "owner.h"
#include "text.h"

#define CHECK_NS INT64_C(10000000000)
/* A worker drains for 3 seconds. */
#define DRAIN_NS INT64_C(5000000000)

/* What this keeper holds. */
void keeper_describe(const struct keeper *keeper, struct handed *ret)
{
	const struct listeners *listeners = keeper->setup.listeners;
	int count;

	*ret = (struct handed){
		.worker = keeper->worker,
		.handovers = keeper->handovers,
		.state = keeper->setup.state_fd,
		.port_count = listeners->count,
	};
	count = janus_keep_get_fds(keeper->setup.keep, ret->keep);
	ret->keep_count = count > 0 ? (size_t)count : 0;
	for (size_t i = 0; i < listeners->count; i++) {
		ret->ports[i] = keeper->setup.note->ports[i];
		if (listeners->items[i].lock >= 0)
			ret->locks[ret->lock_count++] = listeners->items[i].lock;
	}
}

/* Those that close when a program is executed, or go on. */
static void set_inherited(const struct handed *handed, bool inherited)
{
	int flags = inherited ? 0 : FD_CLOEXEC;

	for (size_t i = 0; i < handed->keep_count; i++)
		fcntl(handed->keep[i], F_SETFD, flags);
	for (size_t i = 0; i < handed->lock_count; i++)
		fcntl(handed->locks[i], F_SETFD, flags);
	fcntl(handed->state, F_SETFD, flags);
}

/* Into the lock files, where whoever has asked for it waits. */
static void tell_outcome(const struct keeper *keeper, const char *outcome)
{
	struct owner owner = { .pid = keeper->self, .handovers = keeper->handovers };

	snprintf(owner.outcome, sizeof(owner.outcome), "%s", outcome);
	listen_tell_owner(keeper->setup.listeners, &owner);
}

/* Everything goes on as before. */
static void refuse(struct keeper *keeper, const char *cause)
{
	struct text_quote path;
	char outcome[OWNER_OUTCOME_SIZE];

	keeper->step = HANDOVER_NONE;
	keeper->step_ns = KEEPER_NEVER;
	keeper->handovers++;
	snprintf(outcome, sizeof(outcome), "'%s' %s",
		 text_quote(&path, keeper->program.path), cause);
	log_error("no handover: %s; this janusd goes on", outcome);
	notify_say("READY=1\nSTATUS=A handover failed, see the log");
	tell_outcome(keeper, outcome);
}

void keeper_cancel_handover(struct keeper *keeper, const char *cause)
{
	if (keeper->step == HANDOVER_NONE)
		return;
	if (keeper->checker) {
		kill(keeper->checker, SIGKILL);
		waitpid(keeper->checker, NULL, 0);
		keeper->checker = 0;
	}
	refuse(keeper, cause);
}

static int64_t monotonic_usec(void)
{
	return keeper_now_ns() / 1000;
}

void keeper_begin_handover(struct keeper *keeper)
{
	struct text_quote path;
	pid_t pid;

	if (keeper->stopping || keeper->step != HANDOVER_NONE) {
		log_info("SIGUSR2: %s", keeper->stopping
						? "it is ending, there is no handover"
						: "a handover is under way already");
		return;
	}
	notify_say("RELOADING=1\nMONOTONIC_USEC=%" PRId64, monotonic_usec());
	if (!*keeper->program.path) {
		refuse(keeper, "is all that is known of the path of this program");
		return;
	}
	if (!keeper->was_ready && !keeper->is_serving) {
		refuse(keeper, "is not executed: the first worker is not ready yet");
		return;
	}
	privileges_raise(&keeper->privileges);
	pid = program_check(&keeper->program, &keeper->old_mask);
	privileges_rest(&keeper->privileges);
	if (pid < 0) {
		refuse(keeper, "cannot be tried: no process could be started");
		return;
	}
	log_info("SIGUSR2: handover: trying the program '%s'",
		 text_quote(&path, keeper->program.path));
	keeper->checker = pid;
	keeper->step = HANDOVER_CHECKING;
	keeper->step_ns = keeper_now_ns() + CHECK_NS;
}

static const char *tell_check(int status, char cause[128])
{
	char how[64];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return "cannot be executed";
	snprintf(cause, 128, "%s when it was asked whether it can take over",
		 keeper_how_it_ended(status, how));
	return cause;
}

void keeper_take_checker(struct keeper *keeper, int status)
{
	char cause[128];

	keeper->checker = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		refuse(keeper, tell_check(status, cause));
		return;
	}
	keeper->step = HANDOVER_DRAINING;
	keeper->step_ns = keeper_now_ns() + DRAIN_NS;
	if (keeper->worker)
		kill(keeper->worker, SIGUSR2);
}

/*
 * The worker stays, and answers also for the files that the new program needs to be loaded. What
 * waits as a signal goes on waiting, since all of them stay blocked. Returns only on failure.
 */
static void execute(struct keeper *keeper)
{
	struct handed handed;
	char text[HANDED_TEXT_SIZE], cause[128];
	struct text_quote path;
	int error;

	keeper_describe(keeper, &handed);
	handed.handovers++;
	handed_format(&handed, keeper->self, text);
	log_info("handover: executing '%s'", text_quote(&path, keeper->program.path));
	if (setenv(HANDED_VARIABLE, text, true)) {
		error = -ENOMEM;
	} else {
		privileges_raise(&keeper->privileges);
		set_inherited(&handed, true);
		error = program_execute(&keeper->program);
		set_inherited(&handed, false);
		privileges_rest(&keeper->privileges);
		unsetenv(HANDED_VARIABLE);
	}
	snprintf(cause, sizeof(cause), "cannot be executed: %s", strerror(-error));
	refuse(keeper, cause);
	/* It serves nobody any more, and cannot go back; the next one can. */
	if (keeper->worker)
		kill(keeper->worker, SIGKILL);
}

void keeper_go_on_handover(struct keeper *keeper)
{
	bool late = keeper_now_ns() >= keeper->step_ns;

	if (keeper->step == HANDOVER_CHECKING && late)
		keeper_cancel_handover(keeper, "has not ended in 10 seconds when it was"
					       " asked whether it can take over");
	if (keeper->step != HANDOVER_DRAINING)
		return;
	if (!late && keeper->worker && !atomic_load(&keeper->setup.note->is_drained))
		return;
	execute(keeper);
}

/* What is left of the last keeper's, where it could not be adopted. */
void keeper_forget_handed(struct keeper *keeper)
{
	struct handed own;

	keeper->forget_ns = KEEPER_NEVER;
	if (!keeper->handed.keep_count)
		return;
	adopt_give_up(&keeper->handed, keeper->setup.cmdline->deny_on_failure);
	handed_drop_stored();
	keeper_describe(keeper, &own);
	handed_store(&own);
	log_info("what the last janusd had marked is closed");
}

/* The new keeper's worker is ready. */
void keeper_finish_handover(struct keeper *keeper)
{
	enum handed_how how = keeper->handed.how;

	keeper_forget_handed(keeper);
	if (how == HANDED_OVER) {
		log_info("handover number %" PRIu64 " is done: this is janusd"
			 " " JANUS_VERSION_STRING,
			 keeper->handovers);
		tell_outcome(keeper, OWNER_DONE);
	}
	keeper->handed.how = HANDED_NOTHING;
}
