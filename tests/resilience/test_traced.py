# SPDX-License-Identifier: MIT
"""A worker in the hands of a debugger: openers get what --on-failure says, after the deadline."""

import errno
import subprocess

from case import main
from daemon import threads
from hammered import Hammered
import openers
import sandbox
from sandbox import wait_until
from tracer import Tracer


class Gdb:
    """The debugger itself, which holds a process from here to detach() or kill()."""

    def __init__(self, box, pid):
        self._pid = pid
        self._process = subprocess.Popen(
            ["gdb", "-nx", "-q", "-iex", "set debuginfod enabled off",
             "-iex", "set auto-solib-add off", "-iex", "set pagination off", "-p", str(pid)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        box.adopt(self._process.pid)
        wait_until(self._holds_all, 60, "gdb to hold each thread")

    def _holds_all(self):
        if self._process.poll() is not None:
            raise AssertionError(f"gdb has ended: {self._process.stdout.read()}")
        return {sandbox.state(f"{self._pid}/task/{thread}")
                for thread in threads(self._pid)} == {"t"}

    def _tell(self, commands):
        return self._process.communicate(commands, timeout=60)[0]

    def backtrace_and_detach(self):
        """What somebody who looks for the cause of a trouble does."""
        return self._tell("thread apply all backtrace 4\ndetach\nquit\n")

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            pipe.close()


class Traced(Hammered):
    def trace(self):
        worker = self.janusd.worker_pid
        tracer = Tracer(worker)
        self.addCleanup(tracer.detach)
        self.assertEqual(sandbox.state(worker), "t")
        return tracer

    def opens(self, expected):
        """Several at once; none of them waits for the others' turn."""
        waiting = [openers.Attempt(self.box, self.path("/data/recipe")) for _ in range(8)]
        got = [one.wait() for one in waiting]
        print(f"traced: 8 openers at once waited for "
              f"{max(one.seconds for one in got) * 1e3:.0f} ms at most, deadline "
              f"{self.deadline_ms} ms", flush=True)
        self.assertEqual({one.errno for one in got}, {expected})

    def attach_and_detach(self, expected):
        for _ in range(2):
            tracer = self.trace()
            self.opens(expected)
            tracer.detach()
            self.whole()
        self.assertEqual(self.restarts(), 0)


class Deny(Traced):
    deadline_ms = 500

    def test_openers_are_denied(self):
        self.attach_and_detach(errno.EPERM)

    def test_openers_that_never_stop(self):
        crowd = self.crowd()
        for _ in range(3):
            tracer = self.trace()
            crowd.wait_for_more(2)
            threads = tracer.count()
            tracer.detach()
            crowd.wait_for_more(20)
        self.finish(crowd, f"{threads} threads of the worker traced, 3 times")
        self.whole()
        self.assertEqual(self.restarts(), 0)


class Allow(Traced):
    janusd_flags = ("--deadline", "200")
    deadline_ms = 200

    def test_openers_are_let_through(self):
        self.attach_and_detach(0)

    def test_it_ends_all_the_same(self):
        """Nobody can wait for the end of a process that somebody else traces, but for him."""
        self.trace()
        waiting = openers.Attempt(self.box, self.path("/data/recipe"))
        self.janusd.terminate()
        self.assertEqual(self.janusd.wait_exit(30), 1)
        self.assertIn("has not ended in 10 seconds", "\n".join(self.janusd.snapshot()))
        self.assertEqual(waiting.wait().errno, 0)
        self.assertEqual(openers.attempt(self.box, self.path("/data/recipe")).errno, 0)


class Debugged(Traced):
    deadline_ms = 500

    def gdb(self):
        gdb = Gdb(self.box, self.janusd.worker_pid)
        self.addCleanup(gdb.kill)
        return gdb

    def test_gdb_holds_it_and_lets_it_go(self):
        gdb = self.gdb()
        self.opens(errno.EPERM)
        said = gdb.backtrace_and_detach()
        self.assertIn("janus-responder", said)
        self.assertIn("detached", said)
        self.whole()
        self.assertEqual(self.restarts(), 0)

    def test_gdb_is_killed_while_it_holds_it(self):
        worker = self.janusd.worker_pid
        gdb = self.gdb()
        self.opens(errno.EPERM)
        gdb.kill()
        wait_until(lambda: sandbox.state(worker) not in ("t", "T"), 20, "the worker to go on")
        self.whole()
        self.assertEqual((self.janusd.worker_pid, self.restarts()), (worker, 0))

    def test_openers_that_never_stop_under_gdb(self):
        crowd = self.crowd()
        gdb = self.gdb()
        crowd.wait_for_more(2)
        gdb.backtrace_and_detach()
        crowd.wait_for_more(20)
        self.finish(crowd, "the worker in gdb, for a backtrace of each thread")
        self.whole()
        self.assertEqual(self.restarts(), 0)


class Killed(Traced):
    def test_the_next_one_comes_when_the_tracer_has_gone(self):
        tracer = self.trace()
        worker = self.janusd.kill_worker()
        wait_until(lambda: sandbox.state(worker) in ("Z", "t"), 10, "the worker to die")
        self.refused("/data/recipe")
        tracer.detach()
        wait_until(lambda: self.restarts(), 20, "the next worker")
        wait_until(lambda: self.connect(self.janusd.address).check().name == "OK", 20,
                   "it to serve")
        self.whole()


if __name__ == "__main__":
    main()
