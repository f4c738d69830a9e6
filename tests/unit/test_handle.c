// SPDX-License-Identifier: MIT
#include "handle.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct janus__kernel kernel;
static struct janus__handle handle;
static int errors[3]; /* of one call after the other; 0: it succeeds */
static int flags[3];
static unsigned int room[3];
static const char *names[3];
static size_t calls;
static uint64_t fsid;
static int fsid_error;

static int scripted_handle(int dirfd, const char *path, struct file_handle *ret,
			   int with_flags)
{
	size_t call = calls++;

	cr_assert_eq(dirfd, 1000);
	cr_assert_lt(call, 3);
	flags[call] = with_flags;
	names[call] = path;
	room[call] = ret->handle_bytes;
	if (errors[call]) {
		ret->handle_bytes = 4711;
		return errors[call];
	}
	ret->handle_type = 5;
	ret->handle_bytes = 8;
	memcpy(ret->f_handle, "handle!", 8);
	return 0;
}

static int scripted_fsid(int fd, uint64_t *ret)
{
	cr_assert_eq(fd, 1000);
	*ret = fsid;
	return fsid_error;
}

static void setup(void)
{
	kernel.name_to_handle = scripted_handle;
	kernel.fs_id = scripted_fsid;
	fsid = 42;
	handle.fid.fsid = 7;
}

TestSuite(handle, .init = setup);

Test(handle, is_asked_for_without_opening_anything)
{
	cr_assert_eq(janus__handle_read(&kernel, 1000, "name", &handle), 0);
	cr_assert_eq(calls, 1);
	cr_assert_eq(flags[0], AT_HANDLE_FID);
	cr_assert_str_eq(names[0], "name");
	cr_assert_eq(room[0], JANUS__HANDLE_MAX);
	cr_assert_eq(handle.fid.type, 5);
	cr_assert_eq(handle.fid.length, 8);
	cr_assert_eq(memcmp(handle.fid.bytes, "handle!", 8), 0);
	cr_assert_eq(handle.fid.fsid, 7);
}

Test(handle, of_the_fd_itself_is_asked_for_by_no_name)
{
	cr_assert_eq(janus__handle_read(&kernel, 1000, "", &handle), 0);
	cr_assert_eq(flags[0], AT_HANDLE_FID | AT_EMPTY_PATH);
}

Test(handle, of_an_old_kernel_is_one_that_can_be_opened)
{
	errors[0] = -EINVAL;
	cr_assert_eq(janus__handle_read(&kernel, 1000, "", &handle), 0);
	cr_assert_eq(calls, 2);
	cr_assert_eq(flags[1], AT_EMPTY_PATH);
	cr_assert_eq(room[1], JANUS__HANDLE_MAX);
	cr_assert_eq(handle.fid.length, 8);
}

Test(handle, that_there_is_none_is_told)
{
	errors[0] = -EOPNOTSUPP;
	cr_assert_eq(janus__handle_read(&kernel, 1000, "", &handle), -EOPNOTSUPP);
	cr_assert_eq(calls, 1);
	calls = 0;
	errors[0] = -EOVERFLOW; /* longer than any that the kernel sends */
	cr_assert_eq(janus__handle_read(&kernel, 1000, "", &handle), -EOPNOTSUPP);
	calls = 0;
	errors[0] = -EINVAL;
	errors[1] = -EOPNOTSUPP;
	cr_assert_eq(janus__handle_read(&kernel, 1000, "", &handle), -EOPNOTSUPP);
	cr_assert_eq(calls, 2);
}

Test(handle, a_file_that_is_gone_is_told_as_such)
{
	errors[0] = -ENOENT;
	cr_assert_eq(janus__handle_read(&kernel, 1000, "name", &handle), -ENOENT);
	cr_assert_eq(calls, 1);
}

Test(handle, of_an_fd_comes_with_its_file_system)
{
	cr_assert_eq(janus__handle_of_fd(&kernel, 1000, &handle), 0);
	cr_assert_eq(handle.fid.fsid, 42);
	cr_assert_str_eq(names[0], "");
	fsid_error = -EIO;
	cr_assert_eq(janus__handle_of_fd(&kernel, 1000, &handle), -EIO);
	cr_assert_eq(calls, 1);
}

Test(handle, a_file_system_without_a_number_has_none)
{
	fsid = 0;
	cr_assert_eq(janus__handle_of_fd(&kernel, 1000, &handle), -EOPNOTSUPP);
	cr_assert_eq(calls, 0);
}
