// SPDX-License-Identifier: MIT
#include "containers.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <janus/container.h>
#include <janus/error.h>

#include "escape.h"
#include "output.h"
#include "util.h"

#define EXIT_SERVED 0
#define EXIT_FAILED 1

#define TEXT_SIZE 4200

/* The width of a full id. */
#define ID_WIDTH 64

static int fail(const char *what, int error)
{
	output_message(what, error == -ENOENT ? "there is no such container here"
					      : janus_strerror(error));
	return EXIT_FAILED;
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

static void print_line(const struct janus_container *container)
{
	char id[TEXT_SIZE], root[TEXT_SIZE], cgroup[TEXT_SIZE];

	printf("%-*s %-10s %10" PRId32 "  %s  %s\n", ID_WIDTH,
	       escape(id, sizeof(id), janus_container_get_id(container)),
	       or_dash(janus_container_get_runtime(container)),
	       janus_container_get_init_pid(container),
	       escape(root, sizeof(root), janus_container_get_root(container)),
	       or_dash(escape(cgroup, sizeof(cgroup),
			      janus_container_get_cgroup(container))));
}

static json_t *pids_of(const struct janus_container *container)
{
	json_t *pids = json_array();
	size_t count = janus_container_get_pid_count(container);

	for (size_t i = 0; pids && i < count; i++) {
		json_t *pid = json_integer(janus_container_get_pid(container, i));

		if (json_array_append_new(pids, pid)) {
			json_decref(pids);
			return NULL;
		}
	}
	return pids;
}

/* Takes what it is given, also where it fails. */
static json_t *json_of(const struct janus_container *container)
{
	return json_pack("{s:o, s:s, s:i, s:o, s:o, s:o}", "id",
			 output_string_json(janus_container_get_id(container)), "runtime",
			 janus_container_get_runtime(container), "pid",
			 (int)janus_container_get_init_pid(container), "root",
			 output_string_json(janus_container_get_root(container)),
			 "cgroup",
			 output_string_json(janus_container_get_cgroup(container)),
			 "pids", pids_of(container));
}

static void print_table(const struct janus_containers *containers)
{
	printf("%-*s %-10s %10s  %s  %s\n", ID_WIDTH, "ID", "RUNTIME", "PID", "ROOT",
	       "CGROUP");
	for (size_t i = 0; i < janus_containers_get_count(containers); i++)
		print_line(janus_containers_get(containers, i));
}

static int print_json(const struct janus_containers *containers)
{
	json_t *array = json_array();

	for (size_t i = 0; array && i < janus_containers_get_count(containers); i++) {
		json_t *one = json_of(janus_containers_get(containers, i));

		if (json_array_append_new(array, one)) {
			json_decref(array);
			array = NULL;
		}
	}
	return output_json(array);
}

int containers_list(const struct cmdline *cmdline)
{
	struct janus_containers *containers;
	int status = EXIT_SERVED;
	int error = janus_containers_create(&containers, NULL);

	if (error)
		return fail("containers", error);
	error = janus_containers_refresh(containers);
	if (error)
		status = fail("containers", error);
	else if (!cmdline->json)
		print_table(containers);
	else if (print_json(containers))
		status = EXIT_FAILED;
	janus_containers_destroy(containers);
	return output_finish() ? EXIT_FAILED : status;
}

int containers_pids(const struct cmdline *cmdline)
{
	struct janus_container *container;
	int status = EXIT_SERVED;
	int error = janus_container_lookup(cmdline->container, &container);

	if (error)
		return fail("pids", error);
	if (cmdline->json && output_json(json_of(container)))
		status = EXIT_FAILED;
	for (size_t i = 0; !cmdline->json && i < janus_container_get_pid_count(container);
	     i++)
		printf("%" PRId32 "\n", janus_container_get_pid(container, i));
	janus_container_destroy(container);
	return output_finish() ? EXIT_FAILED : status;
}
