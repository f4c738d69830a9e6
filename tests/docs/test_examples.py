#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each example, built as a user builds it, does what it says.

Needs root. Everything happens on a tmpfs in a private mount namespace; whatever is started is
ended by its pid, by the sandbox's janitor if need be.
"""

import glob
import os
import re
import shutil
import signal
import subprocess
import unittest

import sandbox

sandbox.enter()

# pylint: disable=wrong-import-position
import runtime
import tree
from installed import Installed

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAMES = ["container_guard", "deny_open", "external_epoll", "kept_guard", "observe_tree",
         "watch_dir"]
SENTENCE = "Operation not permitted"
BOX = sandbox.Sandbox()
INSTALLED = Installed()


class Program:
    """One running example; its output goes to a file."""

    count = 0

    def __init__(self, name, *words):
        Program.count += 1
        self.log = os.path.join(BOX.folder("logs"), f"{Program.count}-{name}")
        with open(self.log, "wb") as output:
            self.process = subprocess.Popen(
                [os.path.join(BOX.path, "bin", name), *words], stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, env=INSTALLED.environment())
        BOX.adopt(self.process.pid)

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_line(self, pattern):
        regex = re.compile(pattern, re.MULTILINE)
        sandbox.wait_until(lambda: regex.search(self.output()) or self.ended(), 15,
                           f"{pattern!r} in the output")
        if not regex.search(self.output()):
            raise AssertionError(f"ended without {pattern!r}; it said {self.output()!r}")

    def ended(self):
        return self.process.poll() is not None

    def wait_exit(self):
        return self.process.wait(15)

    def stop(self, number):
        self.process.send_signal(number)
        return self.wait_exit()

    def kill(self):
        self.process.kill()
        self.process.wait()


def read(path, program="cat"):
    """What another process gets: (status, what it said)."""
    done = subprocess.run([program, path], capture_output=True, text=True, timeout=15,
                          stdin=subprocess.DEVNULL, check=False)
    return done.returncode, done.stdout + done.stderr


class Example(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for name in NAMES:
            INSTALLED.compile(os.path.join(TOP, "examples", name + ".c"), "-o",
                              os.path.join(BOX.folder("bin"), name),
                              *INSTALLED.pkg_config("--libs"))

    def setUp(self):
        self.folder = BOX.folder(self.id())
        self.file = tree.write(self.folder, "secret", "content\n")

    def start(self, name, *words):
        program = Program(name, *words)
        self.addCleanup(program.kill)
        return program

    def assert_denied(self, result):
        status, output = result
        self.assertNotEqual(status, 0)
        self.assertIn(SENTENCE, output)

    def assert_read(self, result):
        self.assertEqual(result, (0, "content\n"))


class AllOfThem(Example):
    def test_none_is_forgotten_and_none_is_long(self):
        found = glob.glob(os.path.join(TOP, "examples", "*.c"))
        self.assertEqual(sorted(os.path.basename(path)[:-2] for path in found), NAMES)
        for path in found:
            with open(path, encoding="utf-8") as file, self.subTest(path=path):
                self.assertLess(len(file.readlines()), 120)

    def test_help_and_usage(self):
        for name in NAMES:
            with self.subTest(name=name):
                for words, status in ((["--help"], 0), ([], 2)):
                    program = self.start(name, *words)
                    self.assertEqual(program.wait_exit(), status)
                    self.assertIn(f"Usage: {name} ", program.output())

    def test_a_path_that_is_not_there_is_told_and_fails(self):
        missing = os.path.join(self.folder, "missing")
        for name, words in (("watch_dir", []), ("deny_open", ["5"]), ("external_epoll", []),
                            ("kept_guard", [])):
            with self.subTest(name=name):
                program = self.start(name, missing, *words)
                self.assertEqual(program.wait_exit(), 1)
                self.assertIn("nothing is guarded", program.output())
                self.assertIn(missing, program.output())


class WatchDir(Example):
    def test_it_tells_who_reads_and_denies_nothing(self):
        program = self.start("watch_dir", self.folder)
        program.wait_line("^ready$")
        self.assert_read(read(self.file))
        program.wait_line(rf"^ALLOW OPEN_PERM file {re.escape(self.file)} "
                          r"pid \d+ exe /\S+/cat \(rule\)$")
        program.wait_line(rf"^ALLOW ACCESS_PERM file {re.escape(self.file)} pid \d+ ")
        os.listdir(self.folder)
        program.wait_line(rf"^ALLOW OPEN_PERM directory {re.escape(self.folder)} "
                          rf"pid {os.getpid()} ")
        self.assertEqual(program.stop(signal.SIGTERM), 0)
        self.assertNotIn("DENY", program.output())

    def test_a_hostile_name_stays_on_its_line(self):
        program = self.start("watch_dir", self.folder)
        program.wait_line("^ready$")
        self.assert_read(read(tree.write(self.folder, "a\nDENY \x1b[m\\", "content\n")))
        program.wait_line(r"^ALLOW OPEN_PERM file .*/a\\x0aDENY \\x1b\[m\\x5c pid ")
        self.assertEqual(program.stop(signal.SIGINT), 0)

    def test_a_file_is_refused(self):
        program = self.start("watch_dir", self.file)
        self.assertEqual(program.wait_exit(), 1)
        self.assertIn("nothing is guarded", program.output())


class ObserveTree(Example):
    def observe(self):
        program = self.start("observe_tree", self.folder)
        program.wait_line(r"^ready: \d+ directories$")
        return program

    def test_it_tells_what_happens_at_any_depth(self):
        os.makedirs(os.path.join(self.folder, "a", "b"))
        program = self.observe()
        self.assertIn("ready: 3 directories\n", program.output())
        path = tree.write(self.folder, "a/b/new", "content\n")
        program.wait_line(rf"^CREATE file {re.escape(path)}$")
        program.wait_line(rf"^CLOSE_WRITE file {re.escape(path)}$")
        moved = os.path.join(self.folder, "moved")
        os.rename(path, moved)
        program.wait_line(rf"^RENAME file {re.escape(path)} -> {re.escape(moved)}$")
        os.unlink(moved)
        program.wait_line(rf"^DELETE file {re.escape(moved)}$")
        self.assertEqual(program.stop(signal.SIGTERM), 0)
        self.assertNotIn("GAP", program.output())

    def test_new_directories_are_part_of_the_tree(self):
        program = self.observe()
        os.makedirs(os.path.join(self.folder, "x", "y"))
        path = tree.write(self.folder, "x/y/new", "content\n")
        program.wait_line(rf"^CREATE directory {re.escape(self.folder)}/x/y$")
        program.wait_line(rf"^CREATE file {re.escape(path)}$")
        self.assertEqual(program.stop(signal.SIGINT), 0)

    def test_a_hostile_name_stays_on_its_line(self):
        program = self.observe()
        tree.write(self.folder, "a\nGAP \x1b[m\\", "content\n")
        program.wait_line(r"^CREATE file .*/a\\x0aGAP \\x1b\[m\\x5c$")
        self.assertEqual(program.stop(signal.SIGINT), 0)

    def test_what_is_no_directory_is_refused(self):
        for path in (self.file, os.path.join(self.folder, "missing")):
            with self.subTest(path=path):
                program = self.start("observe_tree", path)
                self.assertEqual(program.wait_exit(), 1)
                self.assertIn("nothing is observed", program.output())
                self.assertIn(path, program.output())


class DenyOpen(Example):
    def test_others_are_denied_until_a_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(signal=number):
                program = self.start("deny_open", self.file, "60")
                program.wait_line("^ready$")
                self.assert_denied(read(self.file))
                program.wait_line(rf"^DENY OPEN_PERM file {re.escape(self.file)} ")
                self.assertEqual(program.stop(number), 0)
                self.assert_read(read(self.file))

    def test_one_program_may_open_it_all_the_same(self):
        spared = os.path.join(self.folder, "spared")
        shutil.copy(shutil.which("cat"), spared)
        program = self.start("deny_open", self.file, "60", spared)
        program.wait_line("^ready$")
        self.assert_read(read(self.file, spared))
        program.wait_line(rf"^ALLOW OPEN_PERM file {re.escape(self.file)} "
                          rf"pid \d+ exe {re.escape(spared)} \(exception\)$")
        self.assert_denied(read(self.file))
        self.assertEqual(program.stop(signal.SIGTERM), 0)

    def test_it_ends_by_itself(self):
        program = self.start("deny_open", self.file, "1")
        self.assertEqual(program.wait_exit(), 0)
        self.assertIn("ready\n", program.output())
        self.assert_read(read(self.file))

    def test_seconds_out_of_range(self):
        for seconds in ("0", "-1", "86401", "1x", "99999999999999999999"):
            with self.subTest(seconds=seconds):
                self.assertEqual(self.start("deny_open", self.file, seconds).wait_exit(), 2)


class ExternalEpoll(Example):
    def test_it_denies_and_counts_in_its_own_loop(self):
        program = self.start("external_epoll", self.file)
        program.wait_line("^ready$")
        program.wait_line("^tick: 0 denied$")
        self.assert_denied(read(self.file))
        program.wait_line(rf"^DENY OPEN_PERM file {re.escape(self.file)} ")
        program.wait_line("^tick: 1 denied$")
        self.assertEqual(program.stop(signal.SIGTERM), 0)
        self.assert_read(read(self.file))


class KeptGuard(Example):
    def setUp(self):
        super().setUp()
        self.program = self.start("kept_guard", self.file)
        self.workers = []
        self.wait_worker()

    def wait_worker(self):
        """The next one, which is ready."""
        count = len(self.workers) + 1
        self.program.wait_line(rf"(?s)\A(worker \d+\nready$.*?){{{count}}}")
        self.workers = [int(pid) for pid in
                        re.findall(r"(?m)^worker (\d+)$", self.program.output())]
        self.assertEqual(len(self.workers), count)
        BOX.adopt(self.workers[-1])

    def signal(self, number):
        self.program.process.send_signal(number)

    def wait_dead(self, worker):
        sandbox.wait_until(lambda: sandbox.state(worker) in (None, "Z"), 15,
                           "the worker to die")

    def kill_worker(self):
        os.kill(self.workers[-1], signal.SIGKILL)
        self.wait_dead(self.workers[-1])

    def begin_read(self):
        """A process that opens the file, and what it will have said."""
        process = subprocess.Popen(["cat", self.file], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True)
        BOX.adopt(process.pid)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def test_a_worker_that_was_killed_has_a_successor(self):
        for _ in range(3):
            self.kill_worker()
            self.assert_denied(read(self.file))
            self.wait_worker()
            self.assert_denied(read(self.file))
        self.assertEqual(len(set(self.workers)), 4)
        self.assertEqual(self.program.stop(signal.SIGTERM), 0)
        self.wait_dead(self.workers[-1])
        self.assert_read(read(self.file))

    def test_who_opens_while_there_is_no_worker_waits_for_the_next(self):
        self.signal(signal.SIGSTOP)
        self.addCleanup(self.signal, signal.SIGCONT)
        self.kill_worker()
        opener = self.begin_read()
        sandbox.wait_until(lambda: sandbox.state(opener.pid) == "D", 15,
                           "the opener to wait for the kernel")
        self.signal(signal.SIGCONT)
        output, _ = opener.communicate(timeout=15)
        self.assert_denied((opener.returncode, output))
        self.wait_worker()
        self.program.wait_line(rf"^DENY OPEN_PERM file {re.escape(self.file)} "
                               rf"pid {opener.pid} .*\(rule\)$")
        self.assertEqual(self.program.stop(signal.SIGINT), 0)

    def test_a_worker_does_not_outlive_its_keeper(self):
        self.program.kill()
        self.wait_dead(self.workers[-1])
        self.assert_read(read(self.file))


class ContainerGuard(Example):
    def setUp(self):
        super().setUp()
        runtime.require()
        root = tree.on_tmpfs(BOX, self.id())
        tree.write(root, "/etc/secret", "content\n")
        self.container = runtime.Container(BOX, root)
        self.addCleanup(self.container.close)

    def cat(self, path):
        result = self.container.exec("/bin/cat", path)
        return result.status, result.output

    def test_it_denies_inside_the_container_only(self):
        program = self.start("container_guard", "containerd://" + self.container.id,
                             "/etc/secret", "/nowhere")
        program.wait_line("^ready$")
        self.assertIn("1 of 2 paths skipped", program.output())
        self.assertRegex(program.output(), "(?m)^container_guard: .*/nowhere")
        self.assert_denied(self.cat("/etc/secret"))
        program.wait_line(r"^DENY OPEN_PERM file /etc/secret pid \d+ exe \S+ "
                          rf"container {self.container.id} \(rule\)$")
        self.assertEqual(self.cat("/etc/passwd")[0], 0)
        self.assert_read(read(self.file))
        self.assertEqual(program.stop(signal.SIGINT), 0)
        self.assertEqual(self.cat("/etc/secret"), (0, "content"))

    def test_a_dry_run_only_tells(self):
        program = self.start("container_guard", "--dry-run", self.container.id[:12],
                             "/etc/secret")
        program.wait_line("^ready$")
        self.assertEqual(self.cat("/etc/secret"), (0, "content"))
        program.wait_line("^WOULD_DENY OPEN_PERM file /etc/secret pid ")
        self.assertEqual(program.stop(signal.SIGTERM), 0)

    def test_it_ends_with_its_container(self):
        program = self.start("container_guard", self.container.id, "/etc/secret")
        program.wait_line("^ready$")
        self.container.close()
        self.assertEqual(program.wait_exit(), 0)
        self.assertRegex(program.output(), "(?m)^END$")

    def test_it_waits_for_its_container(self):
        cid = runtime.new_id()
        program = self.start("container_guard", "--wait", "60", cid, "/etc/secret")
        program.wait_line("^waiting$")
        root = tree.on_tmpfs(BOX, self.id() + "-later")
        tree.write(root, "/etc/secret", "content\n")
        later = runtime.Container(BOX, root, cid)
        self.addCleanup(later.close)
        program.wait_line("^START$")
        result = later.exec("/bin/cat", "/etc/secret")
        self.assert_denied((result.status, result.output))
        self.assertEqual(program.stop(signal.SIGTERM), 0)

    def test_who_waits_in_vain_is_told(self):
        program = self.start("container_guard", "--wait", "1", "0123456789ab", "/etc/secret")
        self.assertEqual(program.wait_exit(), 1)
        self.assertRegex(program.output(), "(?m)^END: ")
        self.assertIn("stopped: ", program.output())

    def test_seconds_to_wait_out_of_range(self):
        for seconds in ("1x", "86401", "x"):
            with self.subTest(seconds=seconds):
                program = self.start("container_guard", "--wait", seconds, "0123456789ab", "/a")
                self.assertEqual(program.wait_exit(), 2)

    def test_an_unknown_container_is_told(self):
        program = self.start("container_guard", "0123456789ab", "/etc/secret")
        self.assertEqual(program.wait_exit(), 1)
        self.assertIn("nothing is guarded", program.output())


if __name__ == "__main__":
    try:
        unittest.main(verbosity=2)
    finally:
        BOX.close()
