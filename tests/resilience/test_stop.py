# SPDX-License-Identifier: MIT
"""A worker that is stopped or frozen: openers get what --on-failure says, after the deadline.

That the wait ends is asserted; how long it took is printed.
"""

import errno
import os

from case import Case, main
import openers
import sandbox

V2_GROUPS = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
V1_GROUP = "/sys/fs/cgroup/freezer"


class Freezer:
    """A cgroup of the test's own."""

    def __init__(self, parent, file, words):
        self._folder = os.path.join(parent, f"janus-test-{os.getpid()}")
        self._parent, self._file, self._words = parent, file, words
        os.mkdir(self._folder)

    def _write(self, folder, file, text):
        with open(os.path.join(folder, file), "w", encoding="ascii") as control:
            control.write(text)

    def freeze(self, pid):
        self._write(self._folder, "cgroup.procs", str(pid))
        self._write(self._folder, self._file, self._words[0])
        sandbox.wait_until(self._is_frozen, 10, "the cgroup to freeze")

    def _is_frozen(self):
        state = "cgroup.events" if self._file == "cgroup.freeze" else self._file
        with open(os.path.join(self._folder, state), encoding="ascii") as control:
            text = control.read()
        return "frozen 1" in text or text.strip() == "FROZEN"

    def thaw(self):
        if os.path.isdir(self._folder):
            self._write(self._folder, self._file, self._words[1])

    def close(self):
        self.thaw()
        with open(os.path.join(self._folder, "cgroup.procs"), encoding="ascii") as procs:
            for pid in procs.read().split():
                self._write(self._parent, "cgroup.procs", pid)
        sandbox.wait_until(lambda: sandbox.remove_cgroup(self._folder), 10,
                           "the cgroup to be empty")


def freezers():
    """All that this machine has, as calls that make one."""
    found = []
    for parent in V2_GROUPS:
        if os.path.exists(os.path.join(parent, "cgroup.procs")) and os.path.exists(
                os.path.join(parent, "cgroup.controllers")) and os.access(parent, os.W_OK):
            found.append(("v2", lambda parent=parent: Freezer(parent, "cgroup.freeze",
                                                              ("1", "0"))))
    if os.path.isdir(V1_GROUP) and os.access(V1_GROUP, os.W_OK):
        found.append(("v1", lambda: Freezer(V1_GROUP, "freezer.state",
                                            ("FROZEN", "THAWED"))))
    return found


class Stopped(Case):
    def guard(self):
        goal = self.target({"/data/recipe": "salt\n", "/data/menu": "soup\n"})
        self.create("kitchen", pid=[goal.pid], deny=["/data/recipe"], allow=["/data/menu"])
        self.assert_denied(goal.run("cat /data/recipe"))
        self.assert_allowed(goal.run("cat /data/menu"), "soup")
        return goal

    def opens(self, goal, what, expected, count=8):
        """Several at once: none of them waits for the others' turn."""
        waiting = [openers.Attempt(self.box, goal.root + "/data/recipe")
                   for _ in range(count)]
        permitted = openers.Attempt(self.box, goal.root + "/data/menu")
        got = [one.wait() for one in waiting]
        permitted.wait()
        print(f"{what}: {count} openers at once waited for "
              f"{max(one.seconds for one in got) * 1e3:.0f} ms at most, deadline "
              f"{self.deadline_ms} ms", flush=True)
        self.assertEqual({one.errno for one in got}, {expected})
        self.assertEqual(permitted.errno, 0)

    def whole_again(self, goal):
        self.assert_denied(goal.run("cat /data/recipe"))
        self.assert_allowed(goal.run("cat /data/menu"), "soup")
        self.assert_ok(self.client.check())
        self.assertEqual(self.client.pods(), ["kitchen"])
        self.assertNotIn("restarting", "\n".join(self.janusd.snapshot()))

    def stop_and_go(self, expected):
        goal = self.guard()
        for number in range(3):
            with self.subTest(number=number):
                self.janusd.pause()
                try:
                    self.opens(goal, "SIGSTOP", expected)
                finally:
                    self.janusd.resume()
                self.whole_again(goal)

    def frozen(self, expected):
        there = freezers()
        if not there:
            sandbox.skip("no cgroup that can be frozen is writable")
        goal = self.guard()
        for name, make in there:
            with self.subTest(freezer=name):
                freezer = make()
                try:
                    freezer.freeze(self.janusd.worker_pid)
                    self.opens(goal, f"frozen by cgroup {name}", expected)
                finally:
                    freezer.close()
                self.whole_again(goal)


class Deny(Stopped):
    janusd_flags = ("--on-failure", "deny")
    deadline_ms = 500

    def test_openers_of_a_stopped_worker_are_denied(self):
        self.stop_and_go(errno.EPERM)

    def test_openers_of_a_frozen_worker_are_denied(self):
        self.frozen(errno.EPERM)


class Allow(Stopped):
    janusd_flags = ("--deadline", "200")
    deadline_ms = 200

    def test_openers_of_a_stopped_worker_are_let_through(self):
        self.stop_and_go(0)

    def test_openers_of_a_frozen_worker_are_let_through(self):
        self.frozen(0)

    def test_a_stopped_worker_can_be_ended(self):
        self.guard()
        self.janusd.pause()
        self.janusd.terminate()
        self.assertEqual(self.janusd.wait_exit(30), 1)
        self.assertIn("has not ended in 10 seconds", "\n".join(self.janusd.snapshot()))


if __name__ == "__main__":
    main()
