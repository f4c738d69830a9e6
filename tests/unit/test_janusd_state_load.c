// SPDX-License-Identifier: MIT
/*
 * From a file to the state of a janusd that starts, and from the state to the file.
 */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec.h"
#include "guard_image.h"
#include "guard_state.h"
#include "guards_internal.h"
#include "janus/v1/guard_service.pb-c.h"
#include "state_file.h"
#include "state_load.h"
#include "state_write.h"
#include "state_writer.h"

static char folder[] = "/tmp/janus-state-XXXXXX";
static char path[64];
static int fd;
static struct guard_state *state;
static struct faults faults;

static void setup(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/state", folder);
	fd = memfd_create("test", MFD_CLOEXEC);
	cr_assert_geq(fd, 0);
	faults = (struct faults)FAULTS_INIT;
}

static void teardown(void)
{
	guard_state_close(state);
	close(fd);
	faults_done(&faults);
	unlink(path);
	cr_expect_eq(rmdir(folder), 0, "nothing else was left in the folder");
}

TestSuite(state_load, .init = setup, .fini = teardown);

static void open_state(void)
{
	cr_assert_eq(guard_state_open(&state, fd), 0);
}

static void release(struct wire_bytes bytes)
{
	free((void *)(uintptr_t)bytes.data);
}

/* A guard of a container and a process. */
static struct wire_bytes image_of(const char *source, uint64_t wait_ms)
{
	char cid[] = "4c01db0b339c", name[] = "one";
	struct guard_image_target targets[] = {
		{ .cid = cid, .pid = 17 },
		{ .pid = 42, .start_time = 99, .index = 1 },
	};
	Janus__V1__Guard guard = JANUS__V1__GUARD__INIT;
	struct guard_image image = {
		.targets = targets,
		.target_count = 2,
		.generation = 6,
		.source = (char *)(uintptr_t)source,
	};
	struct wire_bytes packed;

	guard.name = name;
	guard.wait_ms = wait_ms;
	image.guard.data = codec_pack(&guard.base, &image.guard.size);
	cr_assert_not_null(image.guard.data);
	cr_assert_eq(guard_image_pack(&image, &packed), 0);
	release(image.guard);
	return packed;
}

static void put(uint64_t id, const char *source, uint64_t wait_ms)
{
	struct wire_bytes image = image_of(source, wait_ms);

	cr_assert_eq(guard_state_put(state, id, image), 0);
	release(image);
}

static void write_state(void)
{
	struct state_writer *writer = NULL;

	cr_assert_eq(state_writer_create(&writer, path, fd), 0);
	state_writer_note(writer, guard_state_version(state));
	state_writer_destroy(writer, INT64_C(20000000000));
}

static void next_janusd(void)
{
	guard_state_close(state);
	state = NULL;
	close(fd);
	fd = memfd_create("test", MFD_CLOEXEC);
	cr_assert_geq(fd, 0);
}

struct found {
	uint64_t ids[8];
	struct guard_image_target targets[8][2];
	size_t count;
	uint64_t generation;
};

static void find(void *userdata, uint64_t id, struct wire_bytes value)
{
	struct found *found = userdata;
	struct guard_image image;

	if (id == GUARDS_GENERATION_ID) {
		cr_assert_eq(value.size, sizeof(found->generation));
		memcpy(&found->generation, value.data, value.size);
		return;
	}
	cr_assert_eq(guard_image_unpack(&image, value), 0);
	cr_assert_eq(image.target_count, 2);
	found->ids[found->count] = id;
	memcpy(found->targets[found->count++], image.targets, 2 * sizeof(*image.targets));
	guard_image_done(&image);
}

/* What the file has now, changed as @change says. */
static void rewrite(void (*change)(struct state_file *file))
{
	struct state_file_fault fault;
	struct state_file file;
	struct wire_bytes bytes;
	uint8_t old[8192];
	const char *step;
	int from = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = read(from, old, sizeof(old));

	close(from);
	cr_assert_gt(size, 0);
	cr_assert_eq(state_file_decode(&file, (struct wire_bytes){ old, (size_t)size },
				       &fault),
		     0);
	change(&file);
	cr_assert_eq(state_file_encode(&file, &bytes), 0);
	cr_assert_eq(state_write(path, bytes, &step), 0);
	state_file_done(&file);
	release(bytes);
}

static void in_another_boot(struct state_file *file)
{
	file->boot[0] = file->boot[0] == '0' ? '1' : '0';
}

Test(state_load, has_what_was_written_but_guards_of_files)
{
	struct found found = { 0 };
	struct stat status;

	open_state();
	put(3, "janus.v1", 0);
	put(5, "/etc/janus/guards/one.yaml", 0);
	put(8, "janus", 0);
	write_state();
	cr_assert_eq(stat(path, &status), 0);
	cr_expect_eq(status.st_mode & 07777, 0600);
	next_janusd();
	cr_assert_eq(state_load(path, fd, &faults), 0);
	open_state();
	guard_state_each(state, find, &found);
	cr_assert_eq(found.count, 2);
	cr_expect_eq(found.ids[0], 3);
	cr_expect_eq(found.ids[1], 8);
	cr_expect_eq(found.targets[0][1].start_time, 99);
	cr_expect_not(found.targets[0][0].again);
	cr_expect_eq(found.generation, 6, "that of the file's guard counts");
}

Test(state_load, knows_no_process_of_another_boot_and_waits_for_containers)
{
	struct found found = { 0 };

	open_state();
	put(3, "janus.v1", 0);
	put(4, "janus.v1", 5000);
	write_state();
	rewrite(in_another_boot);
	next_janusd();
	cr_assert_eq(state_load(path, fd, &faults), 0);
	open_state();
	guard_state_each(state, find, &found);
	cr_assert_eq(found.count, 2);
	cr_expect_not(found.targets[0][0].again);
	cr_expect(found.targets[1][0].again);
	cr_expect_not(found.targets[1][1].again);
	cr_expect_eq(found.targets[0][1].start_time, 0);
	cr_expect_eq(found.targets[1][1].start_time, 0);
}

Test(state_load, takes_no_file_for_an_empty_one)
{
	cr_expect_eq(state_load(path, fd, &faults), 0);
	cr_expect_eq(faults.count, 0);
}

static void refuses(const char *cause)
{
	struct stat status;

	cr_expect_eq(state_load(path, fd, &faults), -1);
	cr_assert_eq(faults.count, 1);
	cr_expect_not_null(strstr(faults.lines.data, cause), "%s", faults.lines.data);
	cr_expect_not_null(strstr(faults.lines.data, "move it away"));
	cr_assert_eq(fstat(fd, &status), 0);
	cr_expect_eq(status.st_size, 0, "nothing of it is in the state");
}

static void make(const char *text, mode_t mode)
{
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	cr_assert_geq(file, 0);
	cr_assert_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
	cr_assert_eq(fchmod(file, mode), 0);
	close(file);
}

Test(state_load, says_what_is_wrong_and_how_to_go_on)
{
	make("no state file, but long enough to be one, if only its first bytes were as"
	     " they should be",
	     0600);
	refuses("/state: byte 0: it does not begin as a state file does; the file stays");
}

Test(state_load, refuses_an_empty_file)
{
	make("", 0600);
	refuses("byte 0: it is too short");
}

Test(state_load, refuses_what_others_may_write_to)
{
	make("", 0620);
	refuses("may be written to by others");
}

Test(state_load, does_not_wait_for_a_fifo)
{
	cr_assert_eq(mkfifo(path, 0600), 0);
	refuses("is no regular file");
}

Test(state_load, is_written_over_what_a_killed_process_left)
{
	const struct wire_bytes bytes = { (const uint8_t *)"new", 3 };
	char beside[80], text[8] = "";
	const char *step;
	int file;

	snprintf(beside, sizeof(beside), "%s" STATE_WRITE_SUFFIX, path);
	make("old", 0600);
	cr_assert_eq(rename(path, beside), 0);
	cr_assert_eq(state_write(path, bytes, &step), 0);
	cr_expect_eq(access(beside, F_OK), -1);
	file = open(path, O_RDONLY | O_CLOEXEC);
	cr_expect_eq(read(file, text, sizeof(text)), 3);
	cr_expect_str_eq(text, "new");
	close(file);
}

Test(state_load, a_link_in_the_way_is_not_written_through)
{
	const struct wire_bytes bytes = { (const uint8_t *)"new", 3 };
	char beside[80], victim[80];
	struct stat status;
	const char *step;

	snprintf(beside, sizeof(beside), "%s" STATE_WRITE_SUFFIX, path);
	snprintf(victim, sizeof(victim), "%s/victim", folder);
	make("victim", 0600);
	cr_assert_eq(rename(path, victim), 0);
	cr_assert_eq(symlink(victim, beside), 0);
	cr_assert_eq(state_write(path, bytes, &step), 0);
	cr_assert_eq(stat(victim, &status), 0);
	cr_expect_eq(status.st_size, 6);
	cr_assert_eq(lstat(path, &status), 0);
	cr_expect(S_ISREG(status.st_mode));
	cr_assert_eq(unlink(victim), 0);
}

Test(state_load, tells_what_could_not_be_done)
{
	const struct wire_bytes bytes = { (const uint8_t *)"new", 3 };
	const char *step;

	cr_expect_eq(state_write("/tmp/there/is/no/such", bytes, &step), -ENOENT);
	cr_expect_str_eq(step, "made");
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_expect_eq(state_write(path, bytes, &step), -EISDIR);
	cr_expect_str_eq(step, "put into its place");
	cr_assert_eq(rmdir(path), 0);
}

/* A wait without anything to wait on: for the writer's next try. */
static bool appears(const char *file)
{
	for (int i = 0; i < 4000; i++) {
		if (!access(file, F_OK))
			return true;
		poll(NULL, 0, 5);
	}
	return false;
}

Test(state_load, is_written_as_soon_as_that_is_possible)
{
	struct state_writer *writer = NULL;
	char file[80];

	snprintf(file, sizeof(file), "%s/state", path);
	open_state();
	put(3, "janus.v1", 0);
	cr_assert_eq(state_writer_create(&writer, file, fd), 0);
	state_writer_note(writer, guard_state_version(state));
	cr_assert_eq(mkdir(path, 0700), 0);
	cr_expect(appears(file));
	state_writer_destroy(writer, INT64_C(20000000000));
	cr_assert_eq(unlink(file), 0);
	cr_assert_eq(rmdir(path), 0);
}

Test(state_load, cannot_be_written_and_ends_all_the_same)
{
	struct state_writer *writer = NULL;

	open_state();
	put(3, "janus.v1", 0);
	cr_assert_eq(state_writer_create(&writer, "/tmp/there/is/no/such", fd), 0);
	state_writer_note(writer, guard_state_version(state));
	state_writer_destroy(writer, INT64_C(20000000000));
}

Test(state_load, is_not_written_where_nothing_has_changed)
{
	struct state_writer *writer = NULL;

	open_state();
	cr_assert_eq(state_writer_create(&writer, path, fd), 0);
	state_writer_destroy(writer, INT64_C(20000000000));
	cr_expect_eq(access(path, F_OK), -1);
}
