# SPDX-License-Identifier: MIT
"""What both processes may: capabilities in all sets, nothing more by executing something, and
which system calls. What the worker may not do is tried in it itself, by a debugger."""

import os
import re
import signal
import subprocess

from case import Case, main
import sandbox

SYS_ADMIN, SYS_PTRACE, READ_SEARCH, AUDIT_WRITE = 1 << 21, 1 << 19, 1 << 2, 1 << 29
WORKER = SYS_ADMIN | SYS_PTRACE | READ_SEARCH
KEEPER = WORKER | AUDIT_WRITE


def status(pid, thread=None):
    path = f"/proc/{pid}/status" if thread is None else f"/proc/{pid}/task/{thread}/status"
    with open(path, encoding="ascii", errors="replace") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def caps(fields, name):
    return int(fields["Cap" + name], 16)


class Privileges(Case):
    def assert_confined(self, janusd):
        keeper, worker = status(janusd.pid), janusd.worker_pid
        self.assertEqual(caps(keeper, "Eff"), 0)
        self.assertEqual(caps(keeper, "Prm") & ~KEEPER, 0)
        self.assertEqual(caps(keeper, "Prm") & WORKER, WORKER)
        threads = os.listdir(f"/proc/{worker}/task")
        if os.environ.get("JANUS_SANITIZE"):
            threads = [worker]  # a sanitizer has a thread of its own, from before
        for thread in threads:
            fields = status(worker, thread)
            self.assertEqual(caps(fields, "Eff"), WORKER)
            self.assertEqual(caps(fields, "Prm"), WORKER)
        for fields in (keeper, status(worker)):
            self.assertEqual(caps(fields, "Bnd") & ~KEEPER, 0)
            self.assertEqual(caps(fields, "Inh"), 0)
            self.assertEqual(caps(fields, "Amb"), 0)
            self.assertEqual(fields["NoNewPrivs"].strip(), "1")

    def test_no_more_than_guarding_takes(self):
        self.assert_confined(self.janusd)

    def test_the_next_worker_and_the_next_program_have_the_same(self):
        target = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[target.pid], deny=["/data/recipe"])
        mark = self.janusd.mark()
        self.janusd.kill_worker()
        self.janusd.wait_line("^janusd: ready$", since=mark)
        self.assert_confined(self.janusd)
        mark = self.janusd.mark()
        os.kill(self.janusd.pid, signal.SIGUSR2)
        self.janusd.wait_line("handover number 1 is done", since=mark)
        self.assert_confined(self.janusd)
        self.assert_denied(target.run("cat /data/recipe"))

    def test_a_file_that_only_its_owner_may_read_is_guarded(self):
        target = self.target({"/data/recipe": "salt\n"})
        for path, mode in (("/data/recipe", 0), ("/data", 0)):
            os.chmod(f"/proc/{target.pid}/root{path}", mode)
        os.chown(f"/proc/{target.pid}/root/data", 1000, 1000)
        os.chown(f"/proc/{target.pid}/root/data/recipe", 1000, 1000)
        self.create("kitchen", pid=[target.pid], deny=["/data/recipe"])
        self.assert_denied(target.run("cat /data/recipe"))

    def test_audit_can_still_be_asked_for(self):
        if not caps(status("self"), "Bnd") & AUDIT_WRITE:
            sandbox.skip("needs CAP_AUDIT_WRITE")
        target = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[target.pid], deny=["/data/recipe"], audit=True)
        self.assert_denied(target.run("cat /data/recipe"))


FILTERED = "2"
# A sanitizer traces and forks: there is no filter then, which is what is tested.
FILTERS = (0, 0) if os.environ.get("JANUS_SANITIZE") else (1, 2)


class Calls(Case):
    """The test itself may run under filters of whoever has started it."""

    def filters(self, pid):
        return int(status(pid)["Seccomp_filters"]) - int(status("self")["Seccomp_filters"])

    def assert_filtered(self):
        worker = self.janusd.worker_pid
        self.assertEqual((self.filters(self.janusd.pid), self.filters(worker)), FILTERS)
        for thread in os.listdir(f"/proc/{worker}/task"):
            if FILTERS[1]:
                self.assertEqual(status(worker, thread)["Seccomp"], FILTERED)

    def test_both_are_filtered_and_so_is_who_follows(self):
        self.assert_filtered()
        mark = self.janusd.mark()
        self.janusd.kill_worker()
        self.janusd.wait_line("^janusd: ready$", since=mark)
        self.assert_filtered()
        for number in (1, 2):
            mark = self.janusd.mark()
            os.kill(self.janusd.pid, signal.SIGUSR2)
            self.janusd.wait_line(f"handover number {number} is done", since=mark)
            self.assert_filtered()

    def test_an_operator_in_trouble_can_do_without(self):
        self.janusd = self.start_janusd("--no-seccomp")
        worker = self.janusd.worker_pid
        self.assertEqual((self.filters(self.janusd.pid), self.filters(worker)), (0, 0))

    def within(self, pid, *calls):
        """[(result, errno)] of calls that the process itself is made to do."""
        words = ["gdb", "-nx", "-batch", "-p", str(pid)]
        for call in calls:
            words += ["-ex", f'printf "result %ld ", {call}', "-ex",
                      'printf "errno %d\\n", *((int *(*)(void))__errno_location)()']
        done = subprocess.run(words, capture_output=True, text=True, timeout=100,
                              stdin=subprocess.DEVNULL, check=False,
                              env={**os.environ, "DEBUGINFOD_URLS": ""})
        found = re.findall(r"result (-?\d+) errno (\d+)", done.stdout)
        self.assertEqual(len(found), len(calls), done)
        return [tuple(map(int, pair)) for pair in found]

    def test_the_worker_starts_nothing_and_looks_into_nobody(self):
        if not FILTERS[1]:
            return
        worker, eperm, enosys = self.janusd.worker_pid, 1, 38
        kernel = "((long (*)(long, long, long, long, long, long))syscall)"
        mine, *refused, unknown = self.within(
            worker, "((long (*)(void))getppid)()",
            "((int (*)(void))fork)()",
            '((int (*)(const char *, void *, void *))execve)("/bin/true", 0, 0)',
            f"((long (*)(long, long, long, long))ptrace)(16, {self.janusd.pid}, 0, 0)",
            '((int (*)(const char *, const char *, const char *, long, long))mount)'
            '("none", "/tmp", "tmpfs", 0, 0)',
            f"((int (*)(int, int))kill)({self.janusd.pid}, 0)",
            # An ordinary socket goes; one for raw packets does not.
            "((int (*)(int, int, int))socket)(17, 3, 0)",
            f"{kernel}(435, 0, 0, 0, 0, 0)")
        self.assertEqual(mine[0], self.janusd.pid)
        self.assertEqual(refused[:4], [(-1, eperm)] * 4)
        self.assertEqual(refused[4:], [(-1, enosys)] * 2)
        self.assertEqual(unknown, (-1, enosys))
        self.assert_ok(self.client.check())
        self.assertEqual(self.janusd.worker_pid, worker)


if __name__ == "__main__":
    main()
