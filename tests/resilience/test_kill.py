# SPDX-License-Identifier: MIT
"""kill -9 of the worker, again and again, under readers: nobody slips through, nobody hangs.

JANUS_TEST_KILLS says how often. Waits are printed, not judged: they are the machine's.
"""

import errno
import os
import threading
import time

from case import Case, main
from daemon import READY
import openers
from sandbox import wait_until

KILLS = int(os.environ.get("JANUS_TEST_KILLS", "100"))
READERS = 16
STEADY = [f"pod-{index}" for index in range(5)]


class Changes:
    """A client that makes, changes and destroys a guard of its own all the time."""

    def __init__(self, case, pid, path):
        self._case, self._pid, self._path = case, pid, path
        self._stop = threading.Event()
        self.made = self.refused = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        client = None
        while not self._stop.is_set():
            client = client or self._case.connect(self._case.janusd.address)
            answers = [
                client.create(client.guard("visitor", pid=[self._pid], deny=[self._path],
                                           tags={"n": str(self.made)}), timeout=2),
                client.destroy(client.config(nodeName="node-1", podName="visitor"),
                               timeout=2)]
            if all(answer.name == "OK" for answer in answers):
                self.made += 1
            else:  # the worker was killed meanwhile
                self.refused += 1
                client.close()
                client = None
            time.sleep(0.003)

    def wait_for_some(self):
        """So that most kills come in the middle of one."""
        enough = self.made + 5
        wait_until(lambda: self.made >= enough, 10, "some changes")

    def stop(self):
        self._stop.set()
        self._thread.join(30)


class Kill(Case):
    janusd_flags = ("--on-failure", "deny")

    def setUp(self):
        super().setUp()
        self.goal = self.target({"/data/recipe": "salt\n", "/data/menu": "soup\n",
                                 "/data/visitor": "x\n", "/srv/free": "air\n"})
        self.create(STEADY[0], pid=[self.goal.pid], deny=["/data/recipe"],
                    allow=["/data/menu"])
        for pod in STEADY[1:]:
            self.create(pod, pid=[self.goal.pid], deny=["/data/recipe"])

    def path(self, name):
        return self.goal.root + name

    def kill_and_wait(self, number):
        """Return: seconds until the next worker was ready."""
        start = time.monotonic()
        killed = self.janusd.kill_worker()
        self.janusd.wait_line(READY, 30, count=number + 1)
        took = time.monotonic() - start
        self.assertNotEqual(self.janusd.worker_pid, killed)
        client = self.connect(self.janusd.address)
        pods = wait_until(lambda: [handle.podName for handle in client.state()
                                   if handle.podName != "visitor"], 10, "the guards")
        client.close()
        self.assertEqual(pods, STEADY)
        return took

    def run_kills(self, count, between=lambda: None):
        crowd = openers.Crowd(self.box, READERS, self.path("/data/recipe"),
                              self.path("/data/menu"), self.path("/srv/free"))
        self.addCleanup(crowd.close)
        took = []
        for number in range(count):
            between()
            took.append(self.kill_and_wait(number + 1))
        hung, (denied, allowed, free) = crowd.finish()
        print(f"{count} kills under {READERS} readers: {denied['denied']} opens denied, "
              f"{denied['opened']} let through; of {allowed['opened'] + allowed['denied']} "
              f"opens of an allowed file {allowed['denied']} denied; longest wait: denied file "
              f"{denied['longest_ms']} ms, allowed file {allowed['longest_ms']} ms, unguarded "
              f"file {free['longest_ms']} ms; back in {sorted(took)[count // 2] * 1e3:.0f} ms "
              f"(median), {max(took) * 1e3:.0f} ms (most)", flush=True)
        self.assertEqual(hung, 0)
        self.assertEqual((denied["opened"], denied["failed"]), (0, 0), denied)
        self.assertGreater(denied["denied"], count)
        # What a worker had read and not looked at when it died, nobody can tell from the other
        # file. A batch has 32 of them.
        self.assertLessEqual(allowed["denied"], 32 * count, allowed)
        self.assertGreater(allowed["opened"], allowed["denied"], allowed)
        self.assertEqual(allowed["failed"], 0, allowed)
        self.assertEqual((free["denied"], free["failed"]), (0, 0), free)
        self.assertEqual(openers.attempt(self.box, self.path("/data/recipe")).errno,
                         errno.EPERM)

    def test_nobody_slips_through_and_nobody_hangs(self):
        self.run_kills(KILLS)

    def test_the_same_while_guards_change(self):
        changes = Changes(self, self.goal.pid, "/data/visitor")
        self.addCleanup(changes.stop)
        self.run_kills(max(1, KILLS // 3), changes.wait_for_some)
        changes.stop()
        print(f"meanwhile {changes.made} guards made and destroyed, {changes.refused} calls "
              "cut off", flush=True)
        self.assertGreater(changes.made, 0)
        client = self.connect(self.janusd.address)
        client.destroy(client.config(nodeName="node-1", podName="visitor"))
        self.assertEqual(openers.attempt(self.box, self.path("/data/visitor")).errno, 0)


if __name__ == "__main__":
    main()
