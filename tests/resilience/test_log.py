# SPDX-License-Identifier: MIT
"""Standard error that takes nothing: a full disk, and a pipe that nobody reads.

Decisions do not wait for it; what could not be written is counted, and told when it can be.
JANUS_TEST_SECONDS says how long nobody reads.
"""

import os
import re
import subprocess

from case import main
from hammered import Hammered
import openers
import sandbox
from sandbox import wait_until

SECONDS = float(os.environ.get("JANUS_TEST_SECONDS", "10"))
OPENS = 3000
RECORD = re.compile(r"^<DENY> OPEN_PERM file '/data/recipe' \(kitchen:node-1\) k=(v+)$")
DROPPED = re.compile(r"^janusd: warning: (\d+) log lines were dropped: (.*)$")
LOST = re.compile(r"^janusd: warning: (\d+) records were lost")
TAGS = {"k": "v" * 100}


def sum_of(pattern, lines):
    return sum(int(match[1]) for match in map(pattern.match, lines) if match)


class Guarded(Hammered):
    def guard(self):
        self.create("kitchen", pid=[self.goal.pid], deny=["/data/recipe"],
                    allow=["/data/menu"], tags=TAGS)

    def open_denied(self, count):
        """One after the other, so that each of them is told."""
        done = self.goal.run(f"i=0; while [ $i -lt {count} ]; do "
                             "read -r x </data/recipe; i=$((i + 1)); done; true", 60)
        self.assertEqual(done.output.count("not permitted"), count)


class FullDisk(Guarded):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        folder = self.box.folder(self.unique("disk"))
        sandbox.mount("janus-disk", folder, "tmpfs", "size=512k")
        self.log, self.filler = folder + "/log", folder + "/filler"
        with open(self.log, "ab") as log:
            self.janusd = self.start_janusd("--on-failure", "deny", stderr=log)
        self.client = wait_until(self.dial, 15, "janusd to serve")
        self.guard()
        self.refused("/data/recipe")
        wait_until(lambda: any(map(RECORD.match, self.lines())), 10, "the first record")

    def dial(self):
        client = self.connect(self.janusd.address)
        return client if client.check(timeout=2).name == "OK" else None

    def lines(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read().split("\n")[:-1]

    def fill(self):
        with open(self.filler, "wb", buffering=0) as filler:
            try:
                while filler.write(b"x" * 4096):
                    pass
            except OSError as full:
                self.assertEqual(os.strerror(full.errno), "No space left on device")

    def make_room(self):
        os.unlink(self.filler)

    def accounted(self):
        """Records that were written, and those of which it was told that they were not."""
        lines = self.lines()
        written = sum(bool(match) and len(match[1]) == 100
                      for match in map(RECORD.match, lines))
        return written + sum_of(DROPPED, lines)

    def test_each_line_is_written_or_counted(self):
        for number in range(3):
            with self.subTest(number=number):
                before = self.accounted()
                self.fill()
                self.open_denied(OPENS)
                self.assertLess(self.accounted() - before, OPENS)
                self.make_room()
                try:
                    wait_until(lambda: self.accounted() - before == OPENS, 20)
                except sandbox.Timeout:
                    self.fail(f"of {OPENS} lines {self.accounted() - before} were written "
                              f"or counted; {self.lines()[-5:]}")
        told = [match for match in map(DROPPED.match, self.lines()) if match]
        print(f"full disk: {sum(int(match[1]) for match in told)} of {3 * OPENS} lines were "
              f"dropped, told as {[match[0] for match in told]}", flush=True)
        self.assertIn("No space left on device", told[-1][2])
        self.assertFalse([line for line in self.lines() if re.search(".(janusd:|<DENY>)", line)])

    def test_decisions_go_on(self):
        crowd = self.crowd()
        for _ in range(3):
            self.fill()
            crowd.wait_for_more(300)
            self.make_room()
            crowd.wait_for_more(50)
            os.truncate(self.log, 0)
        self.finish(crowd, "full disk, 3 times")
        self.whole()

    def test_the_keeper_counts_as_well(self):
        self.fill()
        self.open_denied(100)
        wait_until(lambda: os.stat(self.log).st_size % os.sysconf("SC_PAGESIZE") == 0, 10,
                   "the last page of the log to be full")
        for _ in range(2):
            worker = self.janusd.kill_worker()
            wait_until(lambda: self.janusd.worker_pid != worker, 15, "the next worker")
            wait_until(self.dial, 15, "it to serve")
        self.refused("/data/recipe")
        self.assertFalse(any("restart number" in line for line in self.lines()))
        self.make_room()
        self.janusd.kill_worker()
        wait_until(lambda: any(line.endswith("(restart number 3)") or
                               "(restart number 3)" in line for line in self.lines()), 15,
                   "the keeper's line")
        wait_until(self.dial, 15, "it to serve")
        lines = self.lines()
        at = next(i for i, line in enumerate(lines) if "(restart number 3)" in line)
        self.assertRegex(lines[at - 1], r"^janusd: warning: 2 log lines were dropped: .*"
                         "No space left on device$")
        self.assertRegex(lines[at], r"^janusd: warning: worker \d+ was killed by SIGKILL")
        self.whole()


class BlockedPipe(Guarded):
    def test_decisions_go_on_while_nobody_reads(self):
        crowd = self.crowd()
        crowd.run_for(min(SECONDS, 3))
        self.finish(crowd, "log is read")
        mark = self.janusd.mark()
        self.janusd.stop_reading()
        crowd = self.crowd()
        crowd.run_for(SECONDS)
        self.assertEqual(self.janusd.mark(), mark)
        denied, allowed = self.finish(crowd, f"nobody has read the log for {SECONDS:g} s")
        self.janusd.read_on()
        self.janusd.wait_line(DROPPED, 30, since=mark)
        self.refused("/data/recipe")
        self.whole()
        lines = self.janusd.snapshot(mark)
        written = sum(line.startswith("<") for line in lines)
        print(f"of {sum(one['denied'] + one['opened'] for one in (denied, allowed))} records "
              f"{written} were written, {sum_of(DROPPED, lines)} dropped, "
              f"{sum_of(LOST, lines)} lost before", flush=True)
        self.assertEqual(self.restarts(), 0)


if __name__ == "__main__":
    main()
