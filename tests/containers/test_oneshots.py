# SPDX-License-Identifier: MIT
"""Containers that live for one command: each is guarded before it, and leaves nothing.

JANUS_TEST_COUNT says how many.
"""

import os
import re

from case import Case, main
from footprint import footprint
from oneshots import OneShots
import runtime
import sandbox

COUNT = int(os.environ.get("JANUS_TEST_COUNT", "20"))
WHO = "<{response}> {event} {path} {nspid} {comm} {container}"


class Each(Case):
    def setUp(self):
        super().setUp()
        self.shots = OneShots(self.box)

    def run_one(self, number):
        cid = self.shots.create()
        mark = self.janusd.mark()
        self.create(f"pod-{number}", cid=["containerd://" + cid], deny=["/data/recipe"],
                    log_format=WHO)
        self.shots.start(cid)
        self.janusd.wait_line("^" + re.escape(
            f"<DENY> OPEN_PERM /data/recipe 1 cat {cid}") + "$", since=mark)
        self.janusd.wait_line(re.escape(f"container '{cid}' has ended"), since=mark)
        self.shots.delete(cid)
        allowed = [line for line in self.janusd.lines if line.startswith("<ALLOW>")]
        self.assertEqual(allowed, [])

    def rest(self):
        """What is left when there is nothing to do: who has asked is forgotten after a while."""
        sandbox.wait_until(lambda: not self.client.pods(), 20, "the guards to end")
        fds = footprint(self.janusd.worker_pid)["fds"]
        try:
            sandbox.wait_until(lambda: footprint(self.janusd.worker_pid)["fds"] < fds, 3)
        except sandbox.Timeout:
            pass
        return footprint(self.janusd.worker_pid)

    def test_each_is_denied_and_named_and_leaves_nothing(self):
        for number in range(5):
            self.run_one(number)
        before = self.rest()
        for number in range(5, COUNT):
            self.run_one(number)
        after = self.rest()
        print(f"{COUNT} containers: before {before}, after {after}")
        for what in ("fds", "threads", "marks"):
            self.assertLessEqual(after[what], before[what] + (2 if what == "fds" else 0))
        # What the allocator and gRPC keep in hand, and no more, however many there were.
        self.assertLess(after["kB"], before["kB"] + 4096)


if __name__ == "__main__":
    main(runtime.require)
