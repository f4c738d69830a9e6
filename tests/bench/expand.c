// SPDX-License-Identifier: MIT
/*
 * What covering a large tree costs: the time until every directory is marked, the memory that
 * each one takes in user space, and the time to let go of all of it.
 *
 * How it is kept fair. One tree, on a tmpfs whose entries are always in memory. In each round
 * every lane has its turn, there and back again, in a process of its own: the smallest
 * possible walk that marks as it goes (open, mark, list, with fds only), the same one when it
 * also asks for each directory's handle, janus_watch_create() of a recursive watch that
 * observes, and inotifywait until it says that it is ready. A walk that marks nothing goes
 * first, so that all of them find the caches warm.
 *
 * There are two floors. The kernel names a directory in its events by its handle alone, so
 * whoever wants to know what an event is about has to ask for each handle once, while the
 * directory is open: that call belongs to covering, and the second floor has it, but no memory
 * to keep it in. The first floor is what can be marked without understanding a single event.
 * The goal is the first one's.
 *
 * A ratio is the median over the rounds of (the lane's time / its floor's time).
 *
 * usage: expand [--rounds N] [--directories N] [--in DIRECTORY]
 *
 * With --in the tree is made on another file system, and removed again.
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <janus/context.h>
#include <janus/watch.h>

#include "enclosure.h"
#include "figures.h"
#include "kernel/doer.h"
#include "kernel/harness.h"
#include "program.h"
#include "trees.h"

#define TREE_NAME "janus-bench-tree"
#define ROUNDS_MAX 100
#define DIRECTORIES_MAX 10000000
#define DEADLINE_SECONDS 600
#define LISTING_BYTES 32768

/* What tells of every change of the tree; libjanus is asked for the same. */
#define CHANGES                                                                          \
	(FAN_CREATE | FAN_DELETE | FAN_RENAME | FAN_MODIFY | FAN_CLOSE_WRITE |           \
	 FAN_ATTRIB | FAN_ONDIR | FAN_EVENT_ON_CHILD)

struct settings {
	int rounds;
	int directories;
	const char *in;
};

enum lane { WALK, BARE, NAMED, JANUS, INOTIFYWAIT, LANES };

static const char *const lane_names[LANES] = {
	[WALK] = "walk only",
	[BARE] = "bare walk and mark",
	[NAMED] = "bare walk, mark and handle",
	[JANUS] = "libjanus, a recursive watch",
	[INOTIFYWAIT] = "inotifywait -m -r, until ready",
};

/* Shared with the processes of the lanes, which fill in the present round. */
struct results {
	char tree[PATH_MAX];
	int directories;
	int rounds;
	int round;
	bool absent[LANES];
	double cover_ns[LANES][ROUNDS_MAX];
	double bare_close_ns[ROUNDS_MAX];
	double watch_destroy_ns[ROUNDS_MAX];
	double context_destroy_ns[ROUNDS_MAX];
	double destroy_ns[ROUNDS_MAX];
	double heap_bytes[ROUNDS_MAX]; /* each directory's */
	double resident_bytes[ROUNDS_MAX];
	double inotifywait_bytes[ROUNDS_MAX];
};

struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

struct walk {
	int group; /* -1: mark nothing */
	bool handles;
	int count;
};

static void visit(struct walk *walk, int directory);

static void visit_entries(struct walk *walk, int directory, const char *listing,
			  long length)
{
	for (long at = 0; at < length;) {
		const struct entry *entry = (const void *)(listing + at);
		int fd;

		at += entry->length;
		if (entry->type != DT_DIR || strcmp(entry->name, ".") == 0 ||
		    strcmp(entry->name, "..") == 0)
			continue;
		fd = (int)MUST(openat(directory, entry->name,
				      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
		visit(walk, fd);
		close(fd);
	}
}

static void ask_for_handle(int directory)
{
	union {
		struct file_handle handle;
		char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} its;
	int mount_id;

	its.handle.handle_bytes = MAX_HANDLE_SZ;
	MUST(name_to_handle_at(directory, "", &its.handle, &mount_id, AT_EMPTY_PATH));
}

/* Marked before it is listed, so that nothing new is missed. */
static void visit(struct walk *walk, int directory)
{
	_Alignas(struct entry) char listing[LISTING_BYTES];
	long length;

	walk->count++;
	if (walk->handles)
		ask_for_handle(directory);
	if (walk->group >= 0)
		MUST(fanotify_mark(walk->group, FAN_MARK_ADD, CHANGES, directory, NULL));
	while ((length = MUST(syscall(SYS_getdents64, directory, listing,
				      sizeof(listing)))) > 0)
		visit_entries(walk, directory, listing, length);
}

static int64_t time_walk(const struct results *results, struct walk walk)
{
	int64_t start = now_ns();
	int fd = (int)MUST(open(results->tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC));

	visit(&walk, fd);
	close(fd);
	CHECK_INT(walk.count, results->directories + 1);
	return now_ns() - start;
}

static void run_walk(void *argument)
{
	struct results *results = argument;

	results->cover_ns[WALK][results->round] =
		(double)time_walk(results, (struct walk){ .group = -1 });
}

static int open_group(void)
{
	return (int)MUST(fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC |
					       FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS |
					       FAN_REPORT_DFID_NAME_TARGET,
				       O_RDONLY | O_LARGEFILE | O_CLOEXEC));
}

static void run_named(void *argument)
{
	struct results *results = argument;
	const struct walk walk = { .group = open_group(), .handles = true };

	results->cover_ns[NAMED][results->round] = (double)time_walk(results, walk);
	close(walk.group);
}

static void run_bare(void *argument)
{
	struct results *results = argument;
	int group = open_group();
	int64_t start;

	results->cover_ns[BARE][results->round] =
		(double)time_walk(results, (struct walk){ .group = group });
	start = now_ns();
	close(group);
	results->bare_close_ns[results->round] = (double)(now_ns() - start);
}

/* Small blocks and large ones, of all threads. */
static double heap_bytes(void)
{
	struct mallinfo2 info = mallinfo2();

	return (double)info.uordblks + (double)info.hblkhd;
}

static struct janus_watch *watch_tree(struct janus_context *context,
				      const struct results *results)
{
	const char *const paths[] = { results->tree };
	struct janus_watch_options options = JANUS_WATCH_OPTIONS_INIT;
	static struct janus_watch_report report = JANUS_WATCH_REPORT_INIT;
	struct janus_subject subject = JANUS_SUBJECT_INIT;
	struct janus_watch *watch;

	subject.observe = paths;
	subject.observe_count = 1;
	subject.mode = JANUS_MODE_AUDIT;
	subject.flags = JANUS_SUBJECT_RECURSIVE;
	subject.events = JANUS_EVENT_CREATE | JANUS_EVENT_DELETE | JANUS_EVENT_RENAME |
			 JANUS_EVENT_MODIFY | JANUS_EVENT_CLOSE_WRITE |
			 JANUS_EVENT_ATTRIB;
	options.subjects = &subject;
	options.subject_count = 1;
	if (janus_watch_create(context, &watch, &options, &report) < 0 ||
	    report.tree_skipped > 0)
		harness_fail(__FILE__, __LINE__, "%s", report.message);
	CHECK_INT(report.tree_directories, results->directories + 1);
	return watch;
}

static void run_janus(void *argument)
{
	struct results *results = argument;
	double directories = results->directories + 1, heap, resident;
	struct janus_context *context;
	struct janus_watch *watch;
	int64_t start, covered, watch_gone, all_gone;
	int round = results->round;

	CHECK_INT(janus_context_create(&context, NULL), 0);
	heap = heap_bytes();
	resident = (double)resident_bytes(getpid());
	start = now_ns();
	watch = watch_tree(context, results);
	covered = now_ns();
	results->cover_ns[JANUS][round] = (double)(covered - start);
	results->heap_bytes[round] = (heap_bytes() - heap) / directories;
	results->resident_bytes[round] = ((double)resident_bytes(getpid()) - resident) /
					 directories;

	start = now_ns();
	janus_watch_destroy(watch);
	watch_gone = now_ns();
	janus_context_destroy(context);
	all_gone = now_ns();
	results->watch_destroy_ns[round] = (double)(watch_gone - start);
	results->context_destroy_ns[round] = (double)(all_gone - watch_gone);
	results->destroy_ns[round] = (double)(all_gone - start);
}

static void run_inotifywait(void *argument)
{
	struct results *results = argument;
	const char *const arguments[] = { "inotifywait", "-m", "-r", results->tree,
					  NULL };
	struct program program;
	int64_t start = now_ns();

	program_start(&program, arguments);
	program_wait_for(&program, "Watches established.");
	results->cover_ns[INOTIFYWAIT][results->round] = (double)(now_ns() - start);
	results->inotifywait_bytes[results->round] = (double)resident_bytes(program.pid) /
						     (results->directories + 1);
	program_end(&program);
}

static void run_rounds(struct results *results, int rounds)
{
	static void (*const runs[LANES])(void *argument) = {
		[WALK] = run_walk,
		[BARE] = run_bare,
		[NAMED] = run_named,
		[JANUS] = run_janus,
		[INOTIFYWAIT] = run_inotifywait,
	};

	for (int round = 0; round < rounds; round++) {
		results->round = round;
		in_child(runs[WALK], results);
		for (int i = 0; i < LANES - 1; i++) {
			int lane = round % 2 == 0 ? BARE + i : INOTIFYWAIT - i;

			if (!results->absent[lane])
				in_child(runs[lane], results);
		}
	}
}

static double ratio_of(const struct results *results, enum lane lane, enum lane floor)
{
	return median_ratio(results->cover_ns[lane], results->cover_ns[floor],
			    (size_t)results->rounds);
}

static void print_times(const struct results *results, int rounds)
{
	printf("%-52s %8s   of bare\n", "", "ms");
	for (int lane = 0; lane < LANES; lane++) {
		if (results->absent[lane])
			printf("%-52s not measured\n", lane_names[lane]);
		else
			printf("%-52s %8.1f   %.2f\n", lane_names[lane],
			       median(results->cover_ns[lane], (size_t)rounds) / 1e6,
			       ratio_of(results, lane, BARE));
	}
	printf("%-52s %8.1f\n", "closing the bare group",
	       median(results->bare_close_ns, (size_t)rounds) / 1e6);
	if (results->absent[JANUS])
		return;
	printf("%-52s %8.1f\n", "janus_watch_destroy()",
	       median(results->watch_destroy_ns, (size_t)rounds) / 1e6);
	printf("%-52s %8.1f\n", "janus_context_destroy() after it",
	       median(results->context_destroy_ns, (size_t)rounds) / 1e6);
}

static void print_results(const struct results *results, int rounds)
{
	size_t count = (size_t)rounds;

	print_times(results, rounds);
	if (!results->absent[INOTIFYWAIT])
		printf("%-52s %8.1f\n", "bytes a directory, inotifywait, resident",
		       median(results->inotifywait_bytes, count));
	if (results->absent[JANUS])
		return;
	printf("%-52s %8.1f\n", "bytes a directory, libjanus, resident",
	       median(results->resident_bytes, count));
	print_ratio("bytes a directory, libjanus, heap",
		    median(results->heap_bytes, count), 120);
	print_ratio("covering, libjanus / bare", ratio_of(results, JANUS, BARE), 1.2);
	printf("%-52s %8.2f\n", "covering, libjanus / bare with handles",
	       ratio_of(results, JANUS, NAMED));
	if (!results->absent[INOTIFYWAIT])
		print_ratio("covering, libjanus / inotifywait",
			    median_ratio(results->cover_ns[JANUS],
					 results->cover_ns[INOTIFYWAIT], count),
			    1);
	printf("%-52s %8.2f\n", "letting go, libjanus / closing the bare group",
	       median_ratio(results->destroy_ns, results->bare_close_ns, count));
	print_ratio("letting go / covering, libjanus",
		    median_ratio(results->destroy_ns, results->cover_ns[JANUS], count),
		    0.1);
}

static int run(const void *argument)
{
	const struct settings *settings = argument;
	struct results *results = shared_memory(sizeof(*results));
	struct janus_features features = JANUS_FEATURES_INIT;

	print_machine("covering a tree");
	printf("%d directories in %s, %d rounds\n", settings->directories,
	       strcmp(settings->in, WORK) == 0 ? "a tmpfs" : settings->in,
	       settings->rounds);
	fflush(stdout);
	CHECK_INT(janus_get_features(&features), 0);
	results->directories = settings->directories;
	results->rounds = settings->rounds;
	results->absent[JANUS] = !(features.available & JANUS_FEATURE_OBSERVE);
	results->absent[INOTIFYWAIT] = !program_exists("inotifywait");
	snprintf(results->tree, sizeof(results->tree), "%s/" TREE_NAME, settings->in);
	make_tree(results->tree, settings->directories);
	run_rounds(results, settings->rounds);
	remove_tree(results->tree);
	print_results(results, settings->rounds);
	if (!results->absent[JANUS] && !results->absent[INOTIFYWAIT])
		return 0;
	printf("SKIP: not measured: %s\n", results->absent[JANUS]
						   ? "libjanus cannot observe here"
						   : "inotifywait is not installed");
	return BENCH_SKIPPED;
}

int main(int argc, char **argv)
{
	struct settings settings = { .rounds = 5, .directories = 100000, .in = WORK };
	const struct bench_option options[] = {
		{ "rounds", &settings.rounds, ROUNDS_MAX, NULL },
		{ "directories", &settings.directories, DIRECTORIES_MAX, NULL },
		{ "in", NULL, 0, &settings.in },
		{ NULL, NULL, 0, NULL },
	};

	(void)argc;
	if (!read_options(argv, options))
		return 2;
	return run_enclosed(&(struct enclosure){
		.run = run,
		.settings = &settings,
		.seconds = DEADLINE_SECONDS,
		.inotify_watches = settings.directories + 1000l,
	});
}
