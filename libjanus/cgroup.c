// SPDX-License-Identifier: MIT
/*
 * Owns which parts of a cgroup path name a container, and which ids a user may write. Reads
 * no file.
 *
 * A container whose cgroups are writable can make cgroups of any name below its own, so also
 * one that is called like another container. What it cannot do is leave its own: hence the
 * depth in every match.
 */
#include "cgroup.h"

#include <errno.h>
#include <string.h>

#include "util.h"

#define FULL_ID_LENGTH 64
#define SHORT_ID_LENGTH_MIN 12

/* A part of a path, or of a name. */
struct word {
	const char *text;
	size_t length;
};

/* What runtimes put in front of an id. */
static const struct {
	const char *text;
	const char *runtime;
	bool named; /* of any name, not only of a full id */
} prefixes[] = {
	{ "docker-", "docker", false }, { "libpod-payload-", "podman", false },
	{ "libpod-", "podman", false }, { "cri-containerd-", "containerd", false },
	{ "crio-", "cri-o", false },    { "nerdctl-", "containerd", false },
	{ "runc-", "runc", true },      { "crun-", "crun", true },
};

/* Whose containers lie in a cgroup of that name, where their ids have no prefix. */
static const struct {
	const char *text;
	const char *runtime;
} parents[] = {
	{ "docker", "docker" },
	{ "moby", "docker" },
	{ "libpod_parent", "podman" },
	{ "k8s.io", "containerd" },
};

static const char *const schemes[] = {
	"docker://", "containerd://", "cri-o://", "podman://", "rkt://",
};

/* systemd's units are no containers, whatever lies in them. */
static const char *const unit_suffixes[] = {
	".slice", ".scope", ".service", ".mount", ".socket", ".swap",
};

/* Parts of paths that hold many containers, or none. */
static const char *const known_parents[] = {
	"besteffort", "burstable",     "buildkit",   "conmon",  "container",
	"containerd", "crio",          "default",    "docker",  "ecs",
	"garden",     "guaranteed",    "k8s.io",     "kubelet", "kubepods",
	"libpod",     "libpod_parent", "lxc",        "machine", "moby",
	"payload",    "podruntime",    "supervisor", "system",  "systemd",
	"user",
};

static bool equals(struct word word, const char *text)
{
	return strlen(text) == word.length && memcmp(word.text, text, word.length) == 0;
}

static bool take_prefix(struct word *word, const char *prefix)
{
	size_t length = strlen(prefix);

	if (word->length < length || memcmp(word->text, prefix, length) != 0)
		return false;
	word->text += length;
	word->length -= length;
	return true;
}

static bool take_suffix(struct word *word, const char *suffix)
{
	size_t length = strlen(suffix);

	if (word->length < length ||
	    memcmp(word->text + word->length - length, suffix, length) != 0)
		return false;
	word->length -= length;
	return true;
}

static bool is_hex(struct word word)
{
	for (size_t i = 0; i < word.length; i++) {
		char c = word.text[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

static bool is_full_id(struct word word)
{
	return word.length == FULL_ID_LENGTH && is_hex(word);
}

bool janus__container_id_is_full(const char *id)
{
	return is_full_id((struct word){ id, strlen(id) });
}

/* A part of a path that stands for a container. */
struct named {
	struct word id;
	const char *runtime; /* "": it does not tell */
};

/* The full id that a part of a path names, in one of the runtimes' shapes. */
static bool full_id_of(struct word part, struct named *ret)
{
	struct word rest = part;
	const char *runtime = "";

	take_suffix(&rest, ".scope");
	for (size_t i = 0; i < JANUS__ARRAY_COUNT(prefixes); i++) {
		if (take_prefix(&rest, prefixes[i].text)) {
			runtime = prefixes[i].runtime;
			break;
		}
	}
	if (!is_full_id(rest))
		return false;
	*ret = (struct named){ rest, runtime };
	return true;
}

/* The name in "runc-NAME.scope". */
static bool name_of(struct word part, struct named *ret)
{
	struct word rest = part;

	if (!take_suffix(&rest, ".scope"))
		return false;
	for (size_t i = 0; i < JANUS__ARRAY_COUNT(prefixes); i++) {
		if (prefixes[i].named && take_prefix(&rest, prefixes[i].text)) {
			*ret = (struct named){ rest, prefixes[i].runtime };
			return rest.length > 0;
		}
	}
	return false;
}

static bool is_word_character(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-';
}

/* "pod" and a pod's uid: the parent of the pod's containers. */
static bool is_pod(struct word word)
{
	struct word rest = word;

	if (!take_prefix(&rest, "pod") || rest.length < 32)
		return false;
	for (size_t i = 0; i < rest.length; i++)
		if (rest.text[i] != '-' && rest.text[i] != '_' &&
		    !is_hex((struct word){ rest.text + i, 1 }))
			return false;
	return true;
}

/* Names that may stand in a path, but for something else than a container. */
static bool is_known_part(struct word word)
{
	struct word rest = word;
	struct named named;

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(known_parents); i++)
		if (equals(word, known_parents[i]))
			return true;
	for (size_t i = 0; i < JANUS__ARRAY_COUNT(unit_suffixes); i++)
		if (take_suffix(&rest, unit_suffixes[i]))
			return true;
	if (take_prefix(&rest, "libpod-conmon-") || take_prefix(&rest, "crio-conmon-"))
		return true;
	/* An id in a runtime's shape: the user means the id, but must say so. */
	return is_pod(word) ||
	       (full_id_of(word, &named) && named.id.length != word.length);
}

int janus__container_id_parse(const char *given, struct janus__container_id *ret)
{
	struct word word = { given,
			     strnlen(given, (size_t)2 * JANUS__CONTAINER_ID_SIZE) };
	bool is_short;

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(schemes); i++)
		if (take_prefix(&word, schemes[i]))
			break;
	if (word.length == 0 || word.length >= sizeof(ret->text))
		return -EINVAL;
	for (size_t i = 0; i < word.length; i++)
		if (!is_word_character(word.text[i]))
			return -EINVAL;
	if (word.text[0] == '.' || word.text[0] == '_' || word.text[0] == '-')
		return -EINVAL;
	if (is_known_part(word))
		return -EINVAL;
	is_short = word.length >= SHORT_ID_LENGTH_MIN && word.length < FULL_ID_LENGTH &&
		   is_hex(word);
	memcpy(ret->text, word.text, word.length);
	ret->text[word.length] = '\0';
	ret->length = (uint32_t)word.length;
	ret->is_short = is_short;
	return 0;
}

/* Up to the separator, which is left out; *@rest begins behind it. */
static bool split(struct word *rest, char separator, struct word *ret)
{
	const char *found = memchr(rest->text, separator, rest->length);

	if (!found)
		return false;
	ret->text = rest->text;
	ret->length = (size_t)(found - rest->text);
	rest->text = found + 1;
	rest->length -= ret->length + 1;
	return true;
}

static bool parse_hierarchy(struct word word, uint32_t *ret)
{
	uint64_t value = 0;

	if (word.length == 0 || word.length > 10)
		return false;
	for (size_t i = 0; i < word.length; i++) {
		if (word.text[i] < '0' || word.text[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(word.text[i] - '0');
	}
	*ret = (uint32_t)value;
	return value <= UINT32_MAX;
}

int janus__cgroup_next(const char *text, size_t length, size_t *at,
		       struct janus__cgroup_line *ret)
{
	struct word rest = { text + *at, length - *at };
	struct word line, hierarchy, controllers;
	uint32_t number;

	if (rest.length == 0)
		return 0;
	if (!split(&rest, '\n', &line))
		return -EBADMSG;
	*at = (size_t)(rest.text - text);
	if (!split(&line, ':', &hierarchy) || !parse_hierarchy(hierarchy, &number) ||
	    !split(&line, ':', &controllers))
		return -EBADMSG;
	if (line.length == 0 || line.text[0] != '/')
		return -EBADMSG;
	/* Written behind the path of a cgroup that was removed under a dead process. */
	take_suffix(&line, " (deleted)");
	*ret = (struct janus__cgroup_line){
		.hierarchy = number,
		.controllers = controllers.text,
		.controllers_length = controllers.length,
		.path = line.text,
		.path_length = line.length,
	};
	return 1;
}

/* Is it the container that is looked for? *@ret: how the cgroup spells its id. */
static bool is_wanted(const struct janus__container_id *id, struct word part,
		      struct named *ret)
{
	struct word rest;

	if (equals(part, id->text)) {
		*ret = (struct named){ part, "" };
		return true;
	}
	if (full_id_of(part, ret)) {
		rest = ret->id;
		return equals(rest, id->text) ||
		       (id->is_short && take_prefix(&rest, id->text));
	}
	return name_of(part, ret) && equals(ret->id, id->text);
}

static bool same(struct word word, const struct janus__cgroup_match *match)
{
	return word.length == match->id_length &&
	       memcmp(word.text, match->id, word.length) == 0;
}

/* The next part of a path; *@rest begins with the slash behind it. */
static bool next_part(struct word *rest, struct word *ret)
{
	const char *slash;

	if (rest->length == 0)
		return false;
	ret->text = rest->text + 1;
	ret->length = rest->length - 1;
	slash = memchr(ret->text, '/', ret->length);
	if (slash)
		ret->length = (size_t)(slash - ret->text);
	rest->text += ret->length + 1;
	rest->length -= ret->length + 1;
	return true;
}

static const char *runtime_of(struct named named, struct word parent)
{
	for (size_t i = 0; i < JANUS__ARRAY_COUNT(parents) && !named.runtime[0]; i++)
		if (equals(parent, parents[i].text))
			return parents[i].runtime;
	return named.runtime;
}

/* Where a container is first named in a line; @rest begins behind that. */
static void set_match(struct janus__cgroup_match *match,
		      const struct janus__cgroup_line *line, struct word rest,
		      struct named named)
{
	match->path = line->path;
	match->prefix_length = (size_t)(rest.text - line->path);
	match->id = named.id.text;
	match->id_length = named.id.length;
	match->runtime = named.runtime;
}

/* 1, 0 or -ENOTUNIQ, as janus__cgroup_match(), for one line. */
static int match_line(const struct janus__container_id *id,
		      const struct janus__cgroup_line *line,
		      struct janus__cgroup_match *ret)
{
	struct word rest = { line->path, line->path_length };
	struct janus__cgroup_match match = { .hierarchy = line->hierarchy };
	struct word part, parent = { "", 0 };
	struct named named;

	for (; next_part(&rest, &part); parent = part) {
		bool wanted = is_wanted(id, part, &named);

		if (wanted && !match.id) {
			named.runtime = runtime_of(named, parent);
			set_match(&match, line, rest, named);
		} else if (wanted && !same(named.id, &match)) {
			return -ENOTUNIQ;
		} else if (!wanted && full_id_of(part, &named)) {
			if (match.id)
				match.is_nested = true;
			else
				match.depth++;
		}
	}
	if (!match.id)
		return 0;
	*ret = match;
	return 1;
}

int janus__cgroup_match(const struct janus__container_id *id, const char *text,
			size_t length, struct janus__cgroup_match *ret)
{
	struct janus__cgroup_match best = { .id = NULL };
	struct janus__cgroup_line line;
	size_t at = 0;
	int err;

	while ((err = janus__cgroup_next(text, length, &at, &line)) > 0) {
		struct janus__cgroup_match match;
		int found = match_line(id, &line, &match);

		if (found < 0)
			return found;
		if (!found)
			continue;
		if (best.id && !same((struct word){ match.id, match.id_length }, &best))
			return -ENOTUNIQ;
		if (!best.id || match.depth < best.depth)
			best = match;
	}
	if (err < 0)
		return err;
	if (!best.id)
		return 0;
	*ret = best;
	return 1;
}

/* The outermost container that a line names. */
static bool identify_line(const struct janus__cgroup_line *line,
			  struct janus__cgroup_match *ret)
{
	struct word rest = { line->path, line->path_length };
	struct word part, parent = { "", 0 };
	struct named named;

	for (; next_part(&rest, &part); parent = part) {
		if (!full_id_of(part, &named) && !name_of(part, &named))
			continue;
		*ret = (struct janus__cgroup_match){ .hierarchy = line->hierarchy };
		named.runtime = runtime_of(named, parent);
		set_match(ret, line, rest, named);
		return true;
	}
	return false;
}

int janus__cgroup_identify(const char *text, size_t length,
			   struct janus__cgroup_match *ret)
{
	struct janus__cgroup_line line;
	size_t at = 0;
	int err;

	while ((err = janus__cgroup_next(text, length, &at, &line)) > 0)
		if (identify_line(&line, ret))
			return 1;
	return err;
}
