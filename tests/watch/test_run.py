# SPDX-License-Identifier: MIT
"""A run from its beginning to its end: readiness, warnings, exit status, where lines go."""

import os
import pty
import shutil
import signal
import subprocess
import threading

import sandbox
from case import main
from daemon import program
from sandbox import wait_until
from watch_case import WatchCase

DONE, FAILED, USAGE, TOO_FEW = 0, 1, 2, 3
NOBODY = "65534"


class Ends(WatchCase):
    def test_a_signal(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            for words in ((), ("--count", "5"), ("--timeout", "60")):
                with self.subTest(signal=number, words=words):
                    watcher = self.watch(*words, self.folder)
                    self.assertEqual(watcher.stop(number), DONE)
                    self.assertEqual(watcher.out.lines, [])

    def test_what_had_come_before_a_signal_is_printed(self):
        watcher = self.json("--events", "create", self.folder)
        watcher.process.send_signal(signal.SIGSTOP)
        path = self.write("file")
        watcher.process.send_signal(signal.SIGCONT)
        watcher.wait_event("create", path)
        self.assertEqual(watcher.stop(), DONE)

    def test_count(self):
        watcher = self.json("--events", "create", "--count", "3", self.folder)
        paths = [self.write(f"f{number}") for number in range(5)]
        self.assertEqual(watcher.wait_exit(), DONE)
        self.assertEqual([event["path"] for event in watcher.events()], paths[:3])

    def test_timeout(self):
        watcher = self.watch("--timeout", "0.2", self.folder)
        self.assertEqual(watcher.wait_exit(), DONE)
        self.assertEqual(watcher.out.lines, [])

    def test_timeout_before_count(self):
        watcher = self.json("--events", "create", "--timeout", "1", "--count", "2",
                            self.folder)
        path = self.write("file")
        self.assertEqual(watcher.wait_exit(), TOO_FEW)
        self.assertEqual([event["path"] for event in watcher.events()], [path])

    def test_count_before_timeout(self):
        watcher = self.json("--events", "create", "--timeout", "60", "--count", "1",
                            self.folder)
        self.write("file")
        self.assertEqual(watcher.wait_exit(), DONE)

    def test_nobody_reads_any_more(self):
        """At once, not when something happens next."""
        watcher = self.watch(self.folder, collect=False)
        watcher.process.stdout.close()
        self.assertEqual(watcher.wait_exit(), DONE)
        self.assertEqual(len(watcher.err.lines), 1, watcher.err.lines)

    def test_nobody_reads_in_the_midst_of_much(self):
        watcher = self.watch(self.folder, collect=False)
        stop = threading.Event()

        def work():
            while not stop.is_set():
                self.write("file")
        worker = threading.Thread(target=work)
        worker.start()
        try:
            watcher.process.stdout.readline()
            watcher.process.stdout.close()
            self.assertEqual(watcher.wait_exit(), DONE)
        finally:
            stop.set()
            worker.join()
        self.assertEqual(len(watcher.err.lines), 1, watcher.err.lines)

    def test_a_full_disk_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            watcher = self.watch("--events", "create", self.folder, collect=False,
                                 stdout=full)
            self.write("file")
            self.assertEqual(watcher.wait_exit(), FAILED)
        self.assertIn("No space left on device", watcher.err.lines[-1])


class Begins(WatchCase):
    def run_failing(self, *words, **options):
        watcher = self.watch(*words, ready=False, **options)
        self.assertEqual(watcher.wait_exit(), FAILED, watcher.said())
        self.assertEqual(watcher.out.lines, [])
        self.assertNotIn("ready", "\n".join(watcher.err.lines))
        return watcher.err.lines

    def test_ready_is_all_that_is_said(self):
        watcher = self.watch(self.folder)
        watcher.stop()
        self.assertEqual(watcher.err.lines, ["ready: 1 directories"])

    def test_ready_counts_files(self):
        watcher = self.watch(self.folder, self.write("one"), self.write("two"))
        watcher.stop()
        self.assertEqual(watcher.err.lines, ["ready: 1 directories, 2 files"])

    def test_a_path_that_is_not_there(self):
        lines = self.run_failing(self.path("missing\n"))
        self.assertRegex(lines[0], r"\Ajanusctl: cannot watch: ")
        self.assertIn(self.path("missing\\n"), lines[0])

    def test_one_of_two_is_not_there(self):
        watcher = self.json("--events", "create", self.path("missing"), self.folder)
        self.assertRegex(watcher.err.lines[0],
                         r"\Ajanusctl: warning: not covered: 1, the first: ")
        self.assertIn(self.path("missing"), watcher.err.lines[0])
        watcher.wait_event("create", self.write("file"))

    def test_a_process_that_is_gone(self):
        child = subprocess.Popen(["true"])
        child.wait(20)
        lines = self.run_failing("--pid", str(child.pid), self.folder)
        self.assertIn("the process is gone", lines[0])

    def test_a_container_that_is_not_there(self):
        lines = self.run_failing("--cid", "f" * 64, self.folder)
        self.assertIn("no process has this id", lines[0])

    def test_wait(self):
        path = self.path("later")
        watcher = self.json("--wait", path)
        self.assertEqual(watcher.err.lines, ["ready: 0 directories, 1 waited for"])
        os.mkdir(path)

        # It is in force once it was told of, or of something in it.
        def write():
            self.write(f"later/{self.unique('f')}")
            return any((event["path"] or "").startswith(path + "/")
                       for event in watcher.events())
        wait_until(write, what="events of a path that was waited for")

    def test_glob(self):
        for name in ("a.d", "b.d", "c.e"):
            self.folder_of(name)
        watcher = self.json("--glob", "--events", "create", self.path("*.d"))
        for name in ("c.e/1", "a.d/1", "b.d/1"):
            self.write(name)
        watcher.wait_event("create", self.path("b.d/1"))
        watcher.stop()
        self.assertEqual(self.told(watcher),
                         [("create", self.path(name)) for name in ("a.d/1", "b.d/1")])

    def test_relative_paths(self):
        self.folder_of("inner")
        self.folder_of("[odd]")
        for words, cwd, name in (((".",), "", "1"), (("inner",), "", "inner/2"),
                                 (("..",), "inner", "3"), (("../inner",), "[odd]", "inner/4"),
                                 (("--glob", "i*"), "", "inner/5"),
                                 (("--glob", "."), "[odd]", "[odd]/6")):
            with self.subTest(words=words):
                watcher = self.json("--events", "create", *words, cwd=self.path(cwd))
                watcher.wait_event("create", self.write(name))

    def test_wrong_usage(self):
        for words in ((), ("--nonsense", "/"), ("--events", "x", "/"),
                      ("--depth", "1", "/"), ("--pid", "1", "relative")):
            with self.subTest(words=words):
                watcher = self.watch(*words, ready=False)
                self.assertEqual(watcher.wait_exit(), USAGE)
                self.assertEqual(watcher.out.lines, [])
                self.assertEqual(len(watcher.err.lines), 2, watcher.err.lines)


def wait_until_idle(pid):
    """All of it sleeps, however often one looks: nothing is left to fetch."""
    sleeps = 0

    def idle():
        nonlocal sleeps
        states = {sandbox.state(f"{pid}/task/{task}")
                  for task in os.listdir(f"/proc/{pid}/task")}
        sleeps = sleeps + 1 if states == {"S"} else 0
        return sleeps >= 40
    wait_until(idle, 30, "the watcher to sleep")


class Output(WatchCase):
    def test_its_own_lines_are_not_told(self):
        """Else a log in the tree would grow for ever."""
        log = self.path("log")
        with open(log, "wb") as file:
            watcher = self.json("--events", "modify,create", self.folder, collect=False,
                                stdout=file)

        def told(name):
            with open(log, encoding="ascii") as file:
                text = file.read()
            return text if f'"{self.path(name)}"' in text else None
        for name in ("a", "b"):
            self.write(name)
            text = wait_until(lambda name=name: told(name), what=f"{name} in the log")
        self.assertEqual(watcher.stop(), DONE)
        self.assertNotIn(f'"{log}"', text)

    def test_a_pipe_that_does_not_block(self):
        read_end, write_end = os.pipe()
        os.set_blocking(write_end, False)
        watcher = self.watch("--events", "create", "--count", "3000", self.folder,
                             collect=False, stdout=write_end)
        os.close(write_end)
        for number in range(3000):
            self.write("n" * 200 + str(number))
        with open(read_end, "rb") as pipe:
            lines = pipe.read().splitlines()
        self.assertEqual(watcher.wait_exit(), DONE)
        self.assertEqual(len(lines), 3000)
        for number, line in enumerate(lines):
            self.assertTrue(line.decode().endswith("n" + str(number)), line)

    def test_what_a_slow_reader_misses_is_counted(self):
        watcher = self.json("--events", "create", self.folder, collect=False)
        total = 80000
        for number in range(total):
            path = self.path("n" * 220 + str(number))
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
            os.unlink(path)
        wait_until_idle(watcher.pid)
        watcher.collect()

        # The gap may wait for an event behind it that finds room.
        def add():
            nonlocal total
            total += 1
            self.write(self.unique("more"))
            return any("/more" in line for line in watcher.out.lines[-50:])
        wait_until(add, 30, "an event behind the gap")
        self.fence(watcher)
        total += 1
        self.assertEqual(watcher.stop(), DONE)
        events = watcher.events()
        lost = [event["lost"] for event in events if event["event"] == "gap"]
        told = [event for event in events if event["event"] == "create"]
        self.assertTrue(lost)
        self.assertEqual(len(told) + sum(lost), total)

    def test_progress_is_shown_to_people_only(self):
        for number in range(12000):
            os.mkdir(self.path(f"d{number}"))
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        watcher = self.watch("-r", self.folder, stderr=theirs, ready=False)
        os.close(theirs)
        said = b""
        while b"ready" not in said or not said.endswith(b"\n"):
            said += os.read(ours, 4096)
        self.assertRegex(said, rb"\A\rcovered so far: \d+ directories")
        self.assertRegex(said, rb"\r +\rready: 12001 directories\r\n\Z")
        watcher.stop()
        watcher = self.watch("-r", self.folder)
        watcher.stop()
        self.assertEqual(watcher.err.lines, ["ready: 12001 directories"])


class Unprivileged(WatchCase):
    """As nobody, who may watch what it may read."""

    def setUp(self):
        super().setUp()
        copy = os.path.join(self.box.folder(self.unique("bin")), "janusctl")
        shutil.copy(program("janusctl"), copy)
        os.chmod(copy, 0o755)
        self.prefix = ["setpriv", "--reuid", NOBODY, "--regid", NOBODY, "--clear-groups",
                       "--inh-caps=-all", "/bin/sh", "-c",
                       f'shift; exec {copy} "$@"', "sh"]

    def test_it_tells_what_happens_but_not_who_did_it(self):
        watcher = self.json("--events", "create,delete", self.folder, prefix=self.prefix)
        path = self.write("file")
        os.unlink(path)
        watcher.wait_event("create", path, pid=None, exe=None)
        watcher.wait_event("delete", path, pid=None, exe=None)
        self.assertEqual(watcher.stop(), DONE)

    def test_a_tree(self):
        self.folder_of("a/b")
        watcher = self.json("-r", "--events", "create", self.folder, prefix=self.prefix)
        watcher.wait_event("create", self.write("a/b/file"))
        self.folder_of("a/b/c")
        watcher.wait_event("create", self.path("a/b/c"))
        watcher.wait_event("create", self.write("a/b/c/file"))

    def test_what_may_not_be_read(self):
        os.chmod(self.folder_of("secret"), 0o700)
        watcher = self.watch(self.path("secret"), prefix=self.prefix, ready=False)
        self.assertEqual(watcher.wait_exit(), FAILED, watcher.said())
        self.assertIn(self.path("secret"), watcher.err.lines[0])
        self.assertRegex(watcher.err.lines[1], r"\Ajanusctl: note: without CAP_SYS_ADMIN ")

    def test_a_part_that_may_not_be_read_is_told(self):
        os.chmod(self.folder_of("secret"), 0o700)
        watcher = self.json("-r", "--events", "create", self.folder, prefix=self.prefix)
        self.assertRegex(watcher.err.lines[0],
                         r"\Ajanusctl: warning: not covered: 1, the first: .*/secret")
        watcher.wait_event("create", self.write("file"))

    def test_verbose_tells_what_is_missing(self):
        watcher = self.watch("-v", self.folder, prefix=self.prefix)
        watcher.stop()
        said = "\n".join(watcher.err.lines)
        self.assertIn("pid and exe stay unknown", said)
        self.assertIn("fs.fanotify.max_user_marks", said)


def require_setpriv():
    if not shutil.which("setpriv"):
        sandbox.skip("needs setpriv")


if __name__ == "__main__":
    main(require_setpriv, grpc=False)
