// SPDX-License-Identifier: MIT
#include "grpc_log.h"

#include <grpc/support/log.h>

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "log.h"
#include "text.h"

#define WINDOW_SECONDS 10
#define WINDOW_LINES 20

static struct {
	pthread_mutex_t mutex;
	time_t start;
	unsigned int lines;
} window = { PTHREAD_MUTEX_INITIALIZER, 0, 0 };

/* gRPC's own words where certificates do not do. If they change, ours are missing. */
static const char refusal[] = "Handshaker factory creation failed";

/* And where it accepts no connection any more; it does not take any back then. */
static const char deafness[] = "Failed accept4";

static struct {
	pthread_mutex_t mutex;
	void (*told)(void *data);
	void *data;
} deaf = { PTHREAD_MUTEX_INITIALIZER, NULL, NULL };

static _Thread_local const char *refusal_text;

void grpc_log_explain_refusal(const char *text)
{
	refusal_text = text;
}

void grpc_log_tell_deaf(void (*told)(void *data), void *data)
{
	pthread_mutex_lock(&deaf.mutex);
	deaf.told = told;
	deaf.data = data;
	pthread_mutex_unlock(&deaf.mutex);
}

static void tell_deaf(void)
{
	pthread_mutex_lock(&deaf.mutex);
	if (deaf.told)
		deaf.told(deaf.data);
	pthread_mutex_unlock(&deaf.mutex);
}

/* Return: whether one more line may be said; *skipped: how many were not, to tell now. */
static bool may_say(unsigned int *skipped)
{
	struct timespec now;
	bool may;

	clock_gettime(CLOCK_MONOTONIC, &now);
	pthread_mutex_lock(&window.mutex);
	*skipped = 0;
	if (now.tv_sec - window.start >= WINDOW_SECONDS) {
		if (window.lines > WINDOW_LINES)
			*skipped = window.lines - WINDOW_LINES;
		window.start = now.tv_sec;
		window.lines = 0;
	}
	may = window.lines++ < WINDOW_LINES;
	pthread_mutex_unlock(&window.mutex);
	return may;
}

static void say(gpr_log_func_args *args)
{
	cleanup(text_done) struct text message = TEXT_INIT(1000);
	unsigned int skipped;

	if (args->severity < GPR_LOG_SEVERITY_ERROR)
		return;
	if (refusal_text && strstr(args->message, refusal)) {
		log_warning("%s", refusal_text);
		refusal_text = NULL;
	}
	if (strstr(args->message, deafness))
		tell_deaf();
	if (!may_say(&skipped))
		return;
	if (skipped)
		log_warning("grpc: %u more messages were left out", skipped);
	text_escape_string(&message, args->message);
	log_warning("grpc: %s", message.data ? message.data : "");
}

void grpc_log_init(void)
{
	/* Whatever the environment says: we go by some of it. */
	gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
	gpr_set_log_function(say);
}
