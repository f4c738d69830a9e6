// SPDX-License-Identifier: MIT
/*
 * Owns the steps from a rule to its coverage: reach its places, mark each, walk into it. Holds
 * no fd beyond a call.
 */
#include "cover.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cover_tree.h"
#include "extent.h"
#include "handle.h"
#include "log.h"
#include "pattern.h"
#include "reach.h"
#include "report.h"
#include "util.h"

void janus__cover_init(struct janus__cover *ret, const struct janus__marker *marker,
		       const struct janus__root *root, struct janus__spec *spec)
{
	*ret = (struct janus__cover){
		.marker = marker,
		.root = root,
		.spec = spec,
		.places = { .proc = marker->proc, .pid = root->process.pid },
	};
}

void janus__cover_done(struct janus__cover *cover)
{
	janus__places_done(&cover->places);
}

static const char *field_of(const struct janus__rule *rule)
{
	if (rule->observe)
		return "observe";
	return rule->deny && !rule->turned ? "deny" : "allow";
}

static void log_skip(struct janus__cover *cover, const struct janus__rule *rule,
		     const char *path, int err)
{
	char shown[256];

	janus__log(cover->marker->log, JANUS_LOG_WARNING,
		   "subject[%u].%s[%u] '%s' skipped: %s", rule->subject, field_of(rule),
		   rule->index, janus__escape(shown, sizeof(shown), path),
		   janus__marks_cause(err));
}

/* A path of the options is not in force. */
static void skip_path(struct janus__cover *cover, const struct janus__rule *rule, int err)
{
	const struct janus__place place = {
		.subject = rule->subject,
		.field = field_of(rule),
		.index = rule->index,
		.path = rule->path,
	};

	if (!cover->first_error)
		cover->first_error = err;
	if (cover->report) {
		janus__report_skip(cover->report, err, &place, janus__marks_cause(err));
		log_skip(cover, rule, rule->path, err);
	} else if (cover->tree) {
		janus__tell_gap(cover->marker->teller, cover->tree, rule->path, err);
	}
}

static bool waits(const struct janus__cover *cover, const struct janus__rule *rule)
{
	return janus__spec_subject_of(cover->spec, rule)->flags &
	       (JANUS_SUBJECT_WAIT | JANUS_SUBJECT_GLOB);
}

/* Wanted rules. */

static int want(struct janus__cover *cover, struct janus__object *object)
{
	struct janus__coverage *coverage = cover->coverage;

	if (coverage->count == coverage->room) {
		size_t room = coverage->room ? coverage->room * 2 : 8;
		struct janus__wanted *larger = realloc(coverage->wanted,
						       room * sizeof(*larger));

		if (!larger)
			return -ENOMEM;
		coverage->wanted = larger;
		coverage->room = room;
	}
	coverage->wanted[coverage->count++] = (struct janus__wanted){
		.object = object,
		.rule = cover->rule,
	};
	return 0;
}

static int check_kind(const struct janus__cover *cover, const struct janus__found *found)
{
	const struct janus__subject *subject = janus__spec_subject_of(cover->spec,
								      cover->rule);

	/* To identify such a file the responder would wait for a server, and all with it. */
	if (found->filesystem == JANUS__FILESYSTEM_STALLING &&
	    !(subject->flags & JANUS_SUBJECT_STALLING))
		return -EREMOTE;
	if (janus__subject_asks(subject) && !S_ISREG(found->file.type) &&
	    !S_ISDIR(found->file.type))
		return -EMEDIUMTYPE;
	if ((subject->flags & JANUS_SUBJECT_ONLY_DIR) && !found->file.directory)
		return -ENOTDIR;
	return 0;
}

/* The mark that asks, unless the walk into the tree is to set it when it is through. */
static int ask(struct janus__cover *cover, const struct janus__found *found)
{
	const struct janus__subject *subject = janus__spec_subject_of(cover->spec,
								      cover->rule);
	struct janus__object *object;
	int err = janus__marks_check_limit(cover->marker);

	if (!err)
		err = janus__marks_hold(cover->marker, found, NULL, &object);
	if (err)
		return err;
	if (cover->live || !found->file.directory ||
	    !(subject->flags & JANUS_SUBJECT_RECURSIVE))
		err = janus__marks_ask(cover->marker, found, object, subject->events);
	if (!err)
		err = want(cover, object);
	if (err)
		janus__rules_release(cover->marker->rules, object);
	return err;
}

/* Places. */

static int cover_found(struct janus__cover *cover, const struct janus__found *found)
{
	bool asks = janus__subject_asks(janus__spec_subject_of(cover->spec, cover->rule));
	size_t count = cover->coverage->count;
	int err = check_kind(cover, found);

	if (!err && cover->tree && janus__cover_tree_knows(cover, found))
		return 0;
	if (!err && asks)
		err = ask(cover, found);
	if (!err && cover->tree)
		err = janus__cover_tree_begin(cover, found);
	if (err && cover->coverage->count > count)
		janus__rules_release(
			cover->marker->rules,
			cover->coverage->wanted[--cover->coverage->count].object);
	return err;
}

static int cover_path(struct janus__cover *cover, const char *path)
{
	janus__autoclose struct janus__fd fd = {
		.kernel = cover->marker->kernel,
		.fd = janus__root_resolve(cover->root, path),
	};
	struct janus__found found;
	int err;

	if (fd.fd < 0)
		return fd.fd;
	err = janus__found_init(&found, cover->marker, fd.fd, cover->root->process.pid);
	if (!err)
		err = cover_found(cover, &found);
	if (!err && cover->report)
		cover->report->directories += found.file.directory;
	return err;
}

/* While a rule's way is being followed. */
struct arrivals {
	struct janus__cover *cover;
	size_t count;
	int error;
};

static void arrive(void *userdata, const char *path)
{
	struct arrivals *arrivals = userdata;
	int err = cover_path(arrivals->cover, path);

	if (!err)
		arrivals->count++;
	else if (!arrivals->error)
		arrivals->error = err;
}

static void pass(void *userdata, int fd, const char *name)
{
	struct arrivals *arrivals = userdata;

	janus__cover_tree_await(arrivals->cover, fd, name);
}

static void arrive_nowhere(void *userdata, const char *path)
{
	(void)userdata;
	(void)path;
}

/*
 * Symbolic links on the way: what they lead through is followed as well, so that a change there
 * is noticed. It is what the roots are called, which have no links in their names.
 */
static void await_roots(struct janus__cover *cover, struct arrivals *arrivals)
{
	char path[PATH_MAX];

	for (struct janus__node *root = cover->tree->roots; root; root = root->sibling) {
		const struct janus__reach reach = {
			.root = cover->root,
			.path = path,
			.pass = pass,
			.arrive = arrive_nowhere,
			.userdata = arrivals,
		};

		if (janus__node_path(root, NULL, path, sizeof(path)) > 0 &&
		    strcmp(path, cover->rule->path) != 0)
			(void)janus__reach(&reach);
	}
}

static void follow_way(struct janus__cover *cover, struct arrivals *arrivals)
{
	const struct janus__subject *subject = janus__spec_subject_of(cover->spec,
								      cover->rule);
	const struct janus__reach reach = {
		.root = cover->root,
		.path = cover->rule->path,
		.pattern = subject->flags & JANUS_SUBJECT_GLOB,
		.pass = pass,
		.arrive = arrive,
		.userdata = arrivals,
	};
	int err;

	err = janus__reach(&reach);
	if (err && !arrivals->error)
		arrivals->error = err;
	await_roots(cover, arrivals);
}

/* Whether what a rule leads to is followed; else it is marked where it is, once. */
static bool is_followed(const struct janus__cover *cover, const struct janus__rule *rule)
{
	const struct janus__subject *subject = janus__spec_subject_of(cover->spec, rule);

	return !janus__subject_asks(subject) ||
	       (subject->flags &
		(JANUS_SUBJECT_RECURSIVE | JANUS_SUBJECT_WAIT | JANUS_SUBJECT_GLOB));
}

static int make_tree(struct janus__cover *cover)
{
	struct janus__tree *tree = janus__tree_create(cover->marker->trees, cover->spec,
						      cover->rule);

	if (!tree)
		return -ENOMEM;
	tree->next_of_watch = cover->coverage->trees;
	cover->coverage->trees = tree;
	cover->tree = tree;
	return 0;
}

static void cover_rule(struct janus__cover *cover, const struct janus__rule *rule)
{
	struct arrivals arrivals = { .cover = cover };
	int err = 0;

	cover->rule = rule;
	cover->tree = NULL;
	if (is_followed(cover, rule))
		err = make_tree(cover);
	if (!err && cover->tree)
		follow_way(cover, &arrivals);
	else if (!err)
		arrive(&arrivals, rule->path);
	if (!err)
		err = arrivals.error;
	if (arrivals.count)
		cover->report->marked++;
	else if (waits(cover, rule) && (!err || err == -ENOENT))
		cover->report->waiting++;
	else
		skip_path(cover, rule, err);
}

int janus__cover_spec(struct janus__cover *cover)
{
	struct janus__coverage *coverage = cover->coverage;
	int err = 0;

	coverage->room = cover->spec->rule_count;
	coverage->wanted = calloc(coverage->room, sizeof(*coverage->wanted));
	if (!coverage->wanted)
		return janus__report_fail(cover->report, -ENOMEM, "marks", "no memory");
	for (uint64_t i = 0; i < cover->spec->rule_count; i++)
		cover_rule(cover, &cover->spec->rules[i]);
	if (cover->report->marked + cover->report->waiting == 0)
		err = cover->first_error;
	janus__marks_count(cover->marker);
	if (err)
		janus__cover_release(cover->marker, cover->spec, coverage, false);
	else
		janus__wanted_sort(coverage->wanted, coverage->count);
	return err;
}

/* A tree that is there already. */

void janus__cover_refresh(struct janus__cover *cover, struct janus__tree *tree)
{
	struct arrivals arrivals = { .cover = cover };

	cover->tree = tree;
	cover->rule = tree->rule;
	janus__cover_tree_forget_way(cover);
	for (struct janus__node *root = tree->roots; root; root = root->sibling)
		root->flags &= (uint16_t)~JANUS__NODE_SEEN;
	follow_way(cover, &arrivals);
	if (arrivals.error && arrivals.error != -ENOENT)
		skip_path(cover, tree->rule, arrivals.error);
	janus__cover_tree_sweep(cover);
	tree->dirty = false;
	tree->lost = false;
}

/* By its name, for what it was when the kernel told of it may be another by now. */
void janus__cover_entry(struct janus__cover *cover, const struct janus__entry *entry)
{
	cover->tree = entry->directory->tree;
	cover->rule = cover->tree->rule;
	if (janus__extent_leaves_out(entry->directory, entry->name,
				     entry->type == JANUS_FILE_DIRECTORY))
		janus__cover_tree_leave_out(cover, entry);
	else if (entry->type == JANUS_FILE_DIRECTORY)
		janus__cover_tree_walk_child(cover, entry);
	else
		janus__cover_tree_file(cover, entry);
}

void janus__cover_install(struct janus__cover *cover)
{
	struct janus__coverage *coverage = cover->coverage;
	struct janus__wanted *added = coverage->wanted + cover->installed;
	struct janus__change change = {
		.new_spec = cover->spec,
		.new_wanted = added,
		.new_count = coverage->count - cover->installed,
	};

	if (!change.new_count)
		return;
	janus__wanted_sort(added, change.new_count);
	if (janus__rules_swap(cover->marker->rules, &change) < 0) {
		/* Not in force, so not wanted either: what asks for them says "allow". */
		if (cover->tree)
			janus__tell_gap(cover->marker->teller, cover->tree, "", -ENOMEM);
		while (coverage->count > cover->installed)
			janus__rules_release(cover->marker->rules,
					     coverage->wanted[--coverage->count].object);
		return;
	}
	cover->installed = coverage->count;
	janus__wanted_sort(coverage->wanted, coverage->count);
	janus__quiet_clear(cover->marker->quiet);
}
