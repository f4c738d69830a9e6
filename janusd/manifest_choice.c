// SPDX-License-Identifier: MIT
#include "manifest_internal.h"

#include <stdint.h>

/* What a key of an object of one key stands for. */
enum choice_type {
	CHOICE_TEXT,
	CHOICE_PATH,
	CHOICE_PID,
	CHOICE_ID,
	CHOICE_TRUE,
};

struct choice {
	const char *name;
	enum choice_type type;
	int which; /* the field of the oneof */
};

struct chosen {
	const struct choice *choice; /* NULL: nothing that is good */
	const char *text;
	uint64_t number;
};

static int read_true(struct faults *faults, const struct document_at *at)
{
	bool value;

	if (fields_bool(faults, at, &value))
		return -1;
	if (value)
		return 0;
	document_fault(faults, at, "is false; leave it out instead");
	return -1;
}

static int read_value(struct chosen *chosen, enum choice_type type,
		      const struct document_at *at, struct faults *faults)
{
	static const struct fields_range pids = { 1, INT32_MAX };
	static const struct fields_range ids = { 0, UINT32_MAX - 1 };

	switch (type) {
	case CHOICE_TEXT:
		return fields_string(faults, at, &chosen->text);
	case CHOICE_PATH:
		return fields_path(faults, at, &chosen->text);
	case CHOICE_PID:
		return fields_number(faults, at, pids, &chosen->number);
	case CHOICE_ID:
		return fields_number(faults, at, ids, &chosen->number);
	default:
		return read_true(faults, at);
	}
}

static const struct choice *find(const struct choice *choices, const char *name)
{
	while (choices->name && strcmp(choices->name, name) != 0)
		choices++;
	return choices->name ? choices : NULL;
}

static struct chosen choose(const struct choice *choices, const struct fields *fields,
			    const struct document_at *at)
{
	struct document_at child = { .document = at->document, .parent = at };
	struct chosen chosen = { 0 };
	const struct choice *choice;

	if (json_object_size(at->value) != 1) {
		document_fault(fields->faults, at, "is no object of one key");
		return chosen;
	}
	child.key = json_object_iter_key(json_object_iter(at->value));
	child.value = json_object_get(at->value, child.key);
	choice = find(choices, child.key);
	if (!choice)
		document_fault(fields->faults, &child, "there is no such key");
	else if (!read_value(&chosen, choice->type, &child, fields->faults))
		chosen.choice = choice;
	return chosen;
}

void manifest_read_target(Janus__V1__Target *ret, const struct fields *fields,
			  const struct document_at *at)
{
	static const struct choice choices[] = {
		{ "host", CHOICE_TRUE, JANUS__V1__TARGET__KIND_HOST },
		{ "pid", CHOICE_PID, JANUS__V1__TARGET__KIND_PID },
		{ "container", CHOICE_TEXT, JANUS__V1__TARGET__KIND_CONTAINER },
		{ "cgroup", CHOICE_PATH, JANUS__V1__TARGET__KIND_CGROUP },
		{ "exe", CHOICE_PATH, JANUS__V1__TARGET__KIND_EXE },
		{ 0 },
	};
	const struct chosen chosen = choose(choices, fields, at);

	if (!chosen.choice)
		return;
	ret->kind_case = (Janus__V1__Target__KindCase)chosen.choice->which;
	if (chosen.choice->type == CHOICE_TRUE)
		ret->host = 1;
	else if (chosen.choice->type == CHOICE_PID)
		ret->pid = (int32_t)chosen.number;
	else /* all texts lie at the same place */
		ret->container = manifest_text(chosen.text);
}

void manifest_read_exception(Janus__V1__Exception *ret, const struct fields *fields,
			     const struct document_at *at)
{
	static const struct choice choices[] = {
		{ "exe", CHOICE_PATH, JANUS__V1__EXCEPTION__WHO_EXE },
		{ "hostExe", CHOICE_PATH, JANUS__V1__EXCEPTION__WHO_HOST_EXE },
		{ "uid", CHOICE_ID, JANUS__V1__EXCEPTION__WHO_UID },
		{ "gid", CHOICE_ID, JANUS__V1__EXCEPTION__WHO_GID },
		{ "cgroup", CHOICE_PATH, JANUS__V1__EXCEPTION__WHO_CGROUP },
		{ "container", CHOICE_TEXT, JANUS__V1__EXCEPTION__WHO_CONTAINER },
		{ "ancestor", CHOICE_PID, JANUS__V1__EXCEPTION__WHO_ANCESTOR },
		{ "outside", CHOICE_TRUE, JANUS__V1__EXCEPTION__WHO_OUTSIDE },
		{ 0 },
	};
	const struct chosen chosen = choose(choices, fields, at);

	if (!chosen.choice)
		return;
	ret->who_case = (Janus__V1__Exception__WhoCase)chosen.choice->which;
	switch (chosen.choice->type) {
	case CHOICE_TRUE:
		ret->outside = 1;
		break;
	case CHOICE_PID:
		ret->ancestor = (int32_t)chosen.number;
		break;
	case CHOICE_ID: /* both lie at the same place */
		ret->uid = (uint32_t)chosen.number;
		break;
	default:
		ret->container = manifest_text(chosen.text);
	}
}
