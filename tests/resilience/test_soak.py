# SPDX-License-Identifier: MIT
"""A long day: openers, a guard that changes and a container that comes and goes each second.

JANUS_TEST_SECONDS says how long. What both processes of janusd have must not grow by it.
"""

import os
import re
import time

from case import Case, main
from footprint import footprint
from oneshots import OneShots
import openers
import runtime
import sandbox
from sandbox import wait_until

SECONDS = int(os.environ.get("JANUS_TEST_SECONDS", "20"))
WARM_UP = max(8, min(120, SECONDS // 10))
# With a sanitizer janusd is so slow that eight would have it lose records, and one is waited for.
READERS = 1 if os.environ.get("JANUS_SANITIZE") else 8
COUNTED = ("fds", "threads", "marks")


class Soak(Case):
    janusd_flags = ("--on-failure", "deny")

    def setUp(self):
        super().setUp()
        self.goal = self.target({"/data/recipe": "salt\n", "/data/menu": "soup\n",
                                 "/data/cellar": "wine\n", "/srv/free": "air\n"})
        self.shots = OneShots(self.box)
        self.change(0)
        self.rounds = 0

    def change(self, number):
        """The same guard, another one each time; the recipe is denied throughout."""
        self.create("kitchen", pid=[self.goal.pid], allow=["/data/menu"],
                    deny=["/data/recipe", *(["/data/cellar"] if number % 2 else [])],
                    tags={"number": str(number)})

    def one_container(self, number):
        cid = self.shots.create()
        mark = self.janusd.mark()
        self.create(f"shot-{number}", cid=["containerd://" + cid], deny=["/data/recipe"],
                    log_format="<{response}> {path} {container}")
        self.shots.start(cid)
        self.janusd.wait_line(f"^<DENY> /data/recipe {cid}$", since=mark)
        self.janusd.wait_line(re.escape(f"container '{cid}' has ended"), 20, since=mark)
        self.shots.delete(cid)
        self.janusd.forget()

    def run_for(self, seconds):
        crowd = openers.Crowd(self.box, READERS, self.goal.root + "/data/recipe",
                              self.goal.root + "/data/menu",
                              self.goal.root + "/srv/free")
        self.addCleanup(crowd.close)
        before, end = self.rounds, time.monotonic() + seconds
        while time.monotonic() < end:
            next_one = time.monotonic() + 1
            self.rounds += 1
            self.change(self.rounds)
            self.one_container(self.rounds)
            crowd.wait_for_more(5)
            crowd.run_for(max(0, next_one - time.monotonic()))
        hung, (denied, allowed, free) = crowd.finish()
        self.assertEqual((hung, denied["opened"], denied["failed"], allowed["failed"],
                          allowed["denied"]), (0, 0, 0, 0, 0), (denied, allowed))
        print(f"{seconds} s, {self.rounds - before} rounds, {READERS} readers:\n"
              f"  denied file: {openers.figures(denied)}\n"
              f"  allowed file: {openers.figures(allowed)}\n"
              f"  unguarded file: {openers.figures(free)}", flush=True)

    def both(self):
        return {name: footprint(pid) for name, pid in
                (("keeper", self.janusd.pid), ("worker", self.janusd.worker_pid))}

    def rest(self):
        """What is left when there is nothing to do. Who has asked is forgotten after a while, and
        marks that are not needed any more go when somebody comes by after that."""
        self.change(0)
        wait_until(lambda: self.client.pods() == ["kitchen"], 20, "the guards to end")
        rested = None
        for _ in range(8):
            self.goal.run("cat /data/menu")
            fds = footprint(self.janusd.worker_pid)["fds"]
            try:
                wait_until(lambda: footprint(self.janusd.worker_pid)["fds"] < fds, 5)
            except sandbox.Timeout:
                pass
            before, rested = rested, footprint(self.janusd.worker_pid)["fds"]
            if rested == before:
                break
        return self.both()

    def has_grown(self, before):
        """What there is more of than before."""
        now = self.both()
        return [(name, what, before[name][what], now[name][what])
                for name in now for what in COUNTED
                if now[name][what] > before[name][what]]

    def wait_for(self, before):
        for _ in range(4):
            self.goal.run("cat /data/menu")
            try:
                wait_until(lambda: not self.has_grown(before), 5)
                return
            except sandbox.Timeout:
                pass
        self.assertEqual(self.has_grown(before), [])

    def test_nothing_grows(self):
        self.run_for(WARM_UP)
        before = self.rest()
        self.run_for(SECONDS)
        after = self.rest()
        print(f"  before {before}\n  after  {after}", flush=True)
        self.wait_for(before)
        self.assertLessEqual(after["worker"]["pooled"], before["worker"]["pooled"] + 2)
        if not os.environ.get("JANUS_SANITIZE"):  # a sanitizer keeps what was freed
            for name, one in after.items():
                self.assertLess(one["kB"], before[name]["kB"] * 1.1 + 2048)
        self.assert_denied(self.goal.run("cat /data/recipe"))


if __name__ == "__main__":
    main(runtime.require)
