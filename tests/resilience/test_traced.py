# SPDX-License-Identifier: MIT
"""A worker in the hands of a debugger: openers get what --on-failure says, after the deadline."""

import errno

from case import main
from hammered import Hammered
import openers
import sandbox
from sandbox import wait_until
from tracer import Tracer


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
