// SPDX-License-Identifier: MIT
#include "handed.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "notify.h"
#include "number.h"
#include "text.h"
#include "util.h"

#define FIRST_FD 3
#define MOST_FD (1 << 20)

const char *const handed_keep_names[JANUS_KEEP_FDS_MAX] = {
	"janus-ledger",
	"janus-group",
	"janus-wide",
	"janus-fourth",
};

static void init(struct handed *handed)
{
	*handed = (struct handed){ .state = -1 };
}

static bool is_taken(const struct handed *handed, int fd)
{
	for (size_t i = 0; i < handed->keep_count; i++)
		if (handed->keep[i] == fd)
			return true;
	for (size_t i = 0; i < handed->lock_count; i++)
		if (handed->locks[i] == fd)
			return true;
	return handed->state == fd;
}

static int parse_fd(const struct handed *handed, const char *word, int *ret)
{
	uint64_t fd;

	if (number_parse(word, MOST_FD, &fd) || fd < FIRST_FD ||
	    is_taken(handed, (int)fd))
		return -1;
	*ret = (int)fd;
	return 0;
}

static int parse_keep(struct handed *handed, const char *word)
{
	if (handed->keep_count == JANUS_KEEP_FDS_MAX ||
	    parse_fd(handed, word, &handed->keep[handed->keep_count]))
		return -1;
	handed->keep_count++;
	return 0;
}

static int parse_lock(struct handed *handed, const char *word)
{
	if (handed->lock_count == LISTEN_MAX ||
	    parse_fd(handed, word, &handed->locks[handed->lock_count]))
		return -1;
	handed->lock_count++;
	return 0;
}

static int parse_port(struct handed *handed, const char *word)
{
	uint64_t port;

	if (handed->port_count == LISTEN_MAX || number_parse(word, UINT16_MAX, &port))
		return -1;
	handed->ports[handed->port_count++] = (uint16_t)port;
	return 0;
}

static int parse_state(struct handed *handed, const char *word)
{
	return handed->state >= 0 ? -1 : parse_fd(handed, word, &handed->state);
}

static int parse_worker(struct handed *handed, const char *word)
{
	uint64_t pid;

	if (handed->worker || number_parse(word, INT32_MAX, &pid) || pid < 2)
		return -1;
	handed->worker = (pid_t)pid;
	return 0;
}

static int parse_handovers(struct handed *handed, const char *word)
{
	return number_parse(word, UINT64_MAX, &handed->handovers);
}

/* Each word is a key and its values: "lock=13,14". */
static int parse_word(struct handed *handed, char *word)
{
	static const struct {
		const char *key;
		int (*parse)(struct handed *handed, const char *value);
	} keys[] = {
		{ "keep", parse_keep },     { "state", parse_state },
		{ "lock", parse_lock },     { "port", parse_port },
		{ "worker", parse_worker }, { "handovers", parse_handovers },
	};
	char *values = strchr(word, '=');
	char *value;

	if (!values)
		return -1;
	*values++ = '\0';
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		if (strcmp(word, keys[i].key) != 0)
			continue;
		while ((value = strsep(&values, ",")))
			if (keys[i].parse(handed, value))
				return -1;
		return 0;
	}
	return -1;
}

const char *handed_parse(struct handed *ret, const char *text, pid_t pid)
{
	char copy[HANDED_TEXT_SIZE], *next = copy, *word;
	uint64_t value;

	init(ret);
	if (strlen(text) >= sizeof(copy))
		return "it is too long";
	strcpy(copy, text);
	if (number_parse(strsep(&next, " "), UINT32_MAX, &value))
		return "it does not start with the number of its format";
	if (value != HANDED_FORMAT)
		return "its format is one of another version";
	word = strsep(&next, " ");
	if (!word || number_parse(word, INT32_MAX, &value))
		return "it does not say which process it is for";
	if (value != (uint64_t)pid)
		return "it is for another process";
	while ((word = strsep(&next, " ")))
		if (parse_word(ret, word))
			return "it holds a word that makes no sense";
	if (!ret->keep_count || ret->state < 0)
		return "something is missing";
	ret->how = HANDED_OVER;
	return NULL;
}

void handed_format(const struct handed *handed, pid_t pid, char ret[HANDED_TEXT_SIZE])
{
	char *end = ret + HANDED_TEXT_SIZE, *next = ret;

	next += snprintf(next, (size_t)(end - next), "%d %jd state=%d handovers=%" PRIu64,
			 HANDED_FORMAT, (intmax_t)pid, handed->state, handed->handovers);
	if (handed->worker)
		next += snprintf(next, (size_t)(end - next), " worker=%jd",
				 (intmax_t)handed->worker);
	for (size_t i = 0; i < handed->keep_count; i++)
		next += snprintf(next, (size_t)(end - next), "%s%d",
				 i ? "," : " keep=", handed->keep[i]);
	for (size_t i = 0; i < handed->lock_count; i++)
		next += snprintf(next, (size_t)(end - next), "%s%d",
				 i ? "," : " lock=", handed->locks[i]);
	for (size_t i = 0; i < handed->port_count; i++)
		next += snprintf(next, (size_t)(end - next), "%s%d",
				 i ? "," : " port=", handed->ports[i]);
}

/* A number among the fds of a keep, JANUS_KEEP_FDS_MAX for the state, -1: a stranger's. */
static int place_of(const char *name)
{
	for (int i = 0; i < JANUS_KEEP_FDS_MAX; i++)
		if (!strcmp(name, handed_keep_names[i]))
			return i;
	return strcmp(name, HANDED_STATE_NAME) ? -1 : JANUS_KEEP_FDS_MAX;
}

static const char *check_stored(struct handed *ret, const int *fds)
{
	bool is_whole = true;

	ret->state = fds[JANUS_KEEP_FDS_MAX];
	for (size_t i = 0; i < JANUS_KEEP_FDS_MAX; i++) {
		if (fds[i] < 0)
			continue;
		is_whole &= i == ret->keep_count;
		ret->keep[ret->keep_count++] = fds[i];
	}
	if (!ret->keep_count && ret->state < 0)
		return NULL;
	ret->how = HANDED_STORED;
	if (!ret->keep_count || !is_whole)
		return "one of the keep's is missing";
	return ret->state < 0 ? "that of the guards is missing" : NULL;
}

const char *handed_parse_stored(struct handed *ret, const char *count, const char *names,
				struct handed_strangers *strangers)
{
	int fds[JANUS_KEEP_FDS_MAX + 1];
	autofree char *copy = strdup(names ? names : "");
	char *next = copy;
	bool twice = false;
	const char *wrong;
	uint64_t total;

	init(ret);
	memset(fds, 0xff, sizeof(fds));
	strangers->count = 0;
	if (!copy)
		return "there is no memory";
	if (number_parse(count, HANDED_STORED_MAX, &total))
		return "their number makes no sense";
	for (uint64_t i = 0; i < total; i++) {
		const char *name = next ? strsep(&next, ":") : "";
		int place = place_of(name), fd = FIRST_FD + (int)i;

		if (place >= 0 && fds[place] < 0) {
			fds[place] = fd;
			continue;
		}
		twice |= place >= 0;
		strangers->fds[strangers->count++] = fd;
	}
	wrong = check_stored(ret, fds);
	return twice ? "one of the names is there twice" : wrong;
}

static int check_fd(int fd, bool is_memory)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -1;
	return is_memory && fcntl(fd, F_GET_SEALS) < 0 ? -1 : 0;
}

/* What is not open, or is no memory, or no child of ours, is nothing that we have handed over. */
static const char *check(const struct handed *handed)
{
	siginfo_t info;

	for (size_t i = 0; i < handed->keep_count; i++)
		if (check_fd(handed->keep[i], false))
			return "an fd of the keep is not open";
	for (size_t i = 0; i < handed->lock_count; i++)
		if (check_fd(handed->locks[i], false))
			return "an fd of a lock is not open";
	if (check_fd(handed->state, true))
		return "the state of the guards is no memory file";
	if (handed->worker &&
	    waitid(P_PID, (id_t)handed->worker, &info, WEXITED | WNOHANG | WNOWAIT))
		return "the worker is no child of this process";
	return NULL;
}

static int take_over(struct handed *ret, const char *given)
{
	autofree char *text = strdup(given);
	const char *wrong;
	struct text_quote quote;

	unsetenv(HANDED_VARIABLE);
	wrong = text ? handed_parse(ret, text, getpid()) : "there is no memory";
	if (!wrong)
		wrong = check(ret);
	if (!wrong)
		return 0;
	log_error("the variable " HANDED_VARIABLE
		  " '%s' is refused, and this process ends:"
		  " %s; only janusd itself may set it",
		  text_quote(&quote, text ? text : ""), wrong);
	init(ret);
	return -1;
}

void handed_store(const struct handed *handed)
{
	for (size_t i = 0; i < handed->keep_count; i++)
		if (notify_store(handed_keep_names[i], handed->keep[i]))
			return;
	notify_store(HANDED_STATE_NAME, handed->state);
}

void handed_drop_stored(void)
{
	if (!notify_is_wanted())
		return;
	/* As in handed_done(). */
	for (size_t i = JANUS_KEEP_FDS_MAX; i-- > 0;)
		notify_drop(handed_keep_names[i]);
	notify_drop(HANDED_STATE_NAME);
}

/* Half of what was stored guards nothing, and must not hold anybody up. */
static void take_stored(struct handed *ret, const char *count)
{
	struct handed_strangers strangers;
	const char *wrong = handed_parse_stored(ret, count, getenv("LISTEN_FDNAMES"),
						&strangers);

	for (size_t i = 0; i < strangers.count; i++) {
		log_warning("fd %d, which was handed to us at the start, means nothing to"
			    " us and is closed",
			    strangers.fds[i]);
		close(strangers.fds[i]);
	}
	if (!wrong && ret->how == HANDED_STORED)
		wrong = check(ret);
	if (!wrong)
		return;
	log_error("the fds of the last janusd, which were stored, are closed, and what it"
		  " had guarded is guarded no more: %s",
		  wrong);
	handed_done(ret);
	handed_drop_stored();
}

int handed_take(struct handed *ret)
{
	const char *over = getenv(HANDED_VARIABLE);
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	uint64_t own;
	int result = 0;

	init(ret);
	if (over)
		result = take_over(ret, over);
	else if (pid && count && !number_parse(pid, INT32_MAX, &own) &&
		 own == (uint64_t)getpid())
		take_stored(ret, count);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return result;
}

void handed_done(struct handed *handed)
{
	/*
	 * The group that is asked first goes first, and that is the last one: whoever waits for
	 * it holds the other one, whose closing would wait for him.
	 */
	for (size_t i = handed->keep_count; i-- > 0;)
		close(handed->keep[i]);
	for (size_t i = 0; i < handed->lock_count; i++)
		close(handed->locks[i]);
	util_close(&handed->state);
	init(handed);
}
