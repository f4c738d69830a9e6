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

/* What runtimes and systemd put in front of a full id. */
static const char *const prefixes[] = {
	"docker-", "libpod-payload-", "libpod-", "cri-containerd-",
	"crio-",   "nerdctl-",        "runc-",   "crun-",
};

/* Those that take any name. */
static const char *const named_prefixes[] = { "runc-", "crun-" };

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

/* The full id that a part of a path names, in one of the runtimes' shapes. */
static bool full_id_of(struct word part, struct word *ret)
{
	struct word rest = part;

	take_suffix(&rest, ".scope");
	for (size_t i = 0; i < JANUS__ARRAY_COUNT(prefixes); i++)
		if (take_prefix(&rest, prefixes[i]))
			break;
	if (!is_full_id(rest))
		return false;
	*ret = rest;
	return true;
}

/* The name in "runc-NAME.scope". */
static bool name_of(struct word part, struct word *ret)
{
	struct word rest = part;

	if (!take_suffix(&rest, ".scope"))
		return false;
	for (size_t i = 0; i < JANUS__ARRAY_COUNT(named_prefixes); i++) {
		if (take_prefix(&rest, named_prefixes[i])) {
			*ret = rest;
			return true;
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
	struct word rest = word, id;

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(known_parents); i++)
		if (equals(word, known_parents[i]))
			return true;
	for (size_t i = 0; i < JANUS__ARRAY_COUNT(unit_suffixes); i++)
		if (take_suffix(&rest, unit_suffixes[i]))
			return true;
	if (take_prefix(&rest, "libpod-conmon-") || take_prefix(&rest, "crio-conmon-"))
		return true;
	/* An id in a runtime's shape: the user means the id, but must say so. */
	return is_pod(word) || (full_id_of(word, &id) && id.length != word.length);
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
		      struct word *ret)
{
	struct word rest;

	if (equals(part, id->text)) {
		*ret = part;
		return true;
	}
	if (full_id_of(part, &rest)) {
		*ret = rest;
		return equals(rest, id->text) ||
		       (id->is_short && take_prefix(&rest, id->text));
	}
	if (name_of(part, &rest) && equals(rest, id->text)) {
		*ret = rest;
		return true;
	}
	return false;
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

/* 1, 0 or -ENOTUNIQ, as janus__cgroup_match(), for one line. */
static int match_line(const struct janus__container_id *id,
		      const struct janus__cgroup_line *line,
		      struct janus__cgroup_match *ret)
{
	struct word rest = { line->path, line->path_length };
	struct janus__cgroup_match match = { .hierarchy = line->hierarchy };
	struct word part, spelled;

	while (next_part(&rest, &part)) {
		bool wanted = is_wanted(id, part, &spelled);

		if (wanted && !match.id) {
			match.path = line->path;
			match.prefix_length = (size_t)(rest.text - line->path);
			match.id = spelled.text;
			match.id_length = spelled.length;
		} else if (wanted && !same(spelled, &match)) {
			return -ENOTUNIQ;
		} else if (!wanted && full_id_of(part, &spelled)) {
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
