// SPDX-License-Identifier: MIT
#include "events.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "event_line.h"
#include "event_request.h"
#include "output.h"
#include "util.h"
#include "watch_out.h"

#define CODE_OK 0
#define CODE_DEADLINE_EXCEEDED 4

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_TOO_FEW = 3,
};

struct printer {
	const struct cmdline *cmdline;
	struct watch_format format;
	struct watch_out out;
	uint64_t count;
	int error;
	bool begun; /* janusd has begun to answer */
	bool done;  /* no more are wanted */
};

/* Nothing but a signal that kills stops it. */
static const volatile sig_atomic_t never;

static int print(struct printer *printer, const Janus__V1__Event *event)
{
	struct watch_out *out = &printer->out;
	int error = watch_out_reserve(out, event_line_bound(event));
	char *end;

	if (error)
		return error;
	end = event_line_put(&printer->format, out->data + out->used, event);
	if (!end)
		return -ENOMEM;
	out->used = (size_t)(end - out->data);
	printer->count++;
	return 0;
}

static void tell_gap(const Janus__V1__Gap *gap)
{
	if (gap->lost)
		fprintf(stderr, "janusctl: gap: %" PRIu64 " events were lost here\n",
			gap->lost);
	else
		fprintf(stderr, "janusctl: gap: events were lost here; it is not known"
				" how many\n");
}

static int print_all(struct printer *printer,
		     const Janus__V1__StreamEventsResponse *response)
{
	uint64_t wanted = printer->cmdline->watch.count;
	int error = 0;

	if (response->gap)
		tell_gap(response->gap);
	for (size_t i = 0; !error && !printer->done && i < response->n_events; i++) {
		error = print(printer, response->events[i]);
		printer->done = wanted && printer->count == wanted;
	}
	return error ? error : watch_out_flush(&printer->out);
}

static int take(void *userdata, const uint8_t *bytes, size_t size)
{
	struct printer *printer = userdata;
	Janus__V1__StreamEventsResponse *response =
		janus__v1__stream_events_response__unpack(NULL, size, bytes);

	if (!response)
		return -1;
	printer->begun = true;
	printer->error = print_all(printer, response);
	janus__v1__stream_events_response__free_unpacked(response, NULL);
	return printer->error || printer->done;
}

static int tell_end(const struct printer *printer, const struct client_result *result)
{
	/* Nobody who reads any more is a way to end it. */
	if (printer->done || printer->error == -EPIPE)
		return EXIT_DONE;
	if (printer->error) {
		output_message("cannot write the output", strerror(-printer->error));
		return EXIT_FAILED;
	}
	if (result->code == CODE_DEADLINE_EXCEEDED && printer->begun)
		return printer->cmdline->watch.count ? EXIT_TOO_FEW : EXIT_DONE;
	output_message(client_code_name(result->code), result->code == CODE_OK
							       ? "the stream has ended"
							       : result->message);
	return EXIT_FAILED;
}

int events_run(struct client *client, const struct cmdline *cmdline)
{
	struct client_call call = { .method = "/janus.v1.GuardService/StreamEvents",
				    .timeout_ms = cmdline->timeout_ms,
				    .take = take };
	struct printer printer = { .cmdline = cmdline };
	struct client_result result = { 0 };
	autofree uint8_t *bytes = NULL;
	int status;

	signal(SIGPIPE, SIG_IGN);
	watch_format_init(&printer.format, cmdline->json);
	if (watch_out_init(&printer.out, STDOUT_FILENO, &never) ||
	    event_request_create(cmdline, &bytes, &call.request_size)) {
		output_message("events", "no memory");
		watch_out_done(&printer.out);
		return EXIT_FAILED;
	}
	call.request = bytes;
	call.userdata = &printer;
	if (client_call(client, &call, &result)) {
		output_message("events", "no memory");
		status = EXIT_FAILED;
	} else {
		status = tell_end(&printer, &result);
		client_result_done(&result);
	}
	watch_out_done(&printer.out);
	return status;
}
