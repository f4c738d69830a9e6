// SPDX-License-Identifier: MIT
/*
 * Any bytes as a manifest, in JSON and in YAML: each guard that is taken has a name and is a
 * whole message; what is refused is told. What JSON takes, YAML does not make another guard of.
 */
#include "janus/v1/guard_service.pb-c.h"
#include "manifests.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
	if (!condition)
		abort();
}

static void check_guard(const struct manifest *manifest)
{
	Janus__V1__Guard *guard = janus__v1__guard__unpack(NULL, manifest->length,
							   manifest->bytes);

	check(guard && *guard->name && !strcmp(guard->name, manifest->name));
	check(manifest->line && manifest->column);
	check(guard->n_subjects && guard->n_targets);
	for (size_t i = 0; i < guard->n_targets; i++)
		check(guard->targets[i]->kind_case);
	for (size_t i = 0; i < guard->n_subjects; i++) {
		const Janus__V1__Subject *subject = guard->subjects[i];

		check(subject->n_allow || subject->n_deny || subject->n_observe);
		for (size_t k = 0; k < subject->n_deny; k++)
			check(*subject->deny[k] == '/');
		for (size_t k = 0; k < subject->n_exceptions; k++)
			check(subject->exceptions[k]->who_case);
	}
	janus__v1__guard__free_unpacked(guard, NULL);
}

static void check_line(void *context, const char *line)
{
	(void)context;
	for (const char *c = line; *c; c++)
		check((unsigned char)*c >= ' ' && *c != 0x7f);
}

static struct manifests parse(const char *file, const uint8_t *data, size_t size)
{
	const struct document_text text = { file, (const char *)data, size };
	struct faults faults = FAULTS_INIT;
	struct manifests manifests = { 0 };
	int result = manifests_parse(&manifests, &text, &faults);

	check(!result == !faults.count);
	for (size_t i = 0; i < manifests.count; i++)
		check_guard(&manifests.items[i]);
	faults_tell(&faults, check_line, NULL);
	faults_done(&faults);
	return manifests;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifests json = parse("f.json", data, size);
	struct manifests yaml = parse("f.yaml", data, size);

	if (json.count && yaml.count) {
		check(json.items[0].length == yaml.items[0].length);
		check(!memcmp(json.items[0].bytes, yaml.items[0].bytes,
			      json.items[0].length));
	}
	manifests_done(&json);
	manifests_done(&yaml);
	return 0;
}
