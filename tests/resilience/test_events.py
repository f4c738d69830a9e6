# SPDX-License-Identifier: MIT
"""StreamEvents under as many events as can be made: one client that reads, one that does not.

The fast one has everything, the stalled one is told how much it missed, and openers wait no longer
for either. Opens come in bursts without a pause, as fast as the machine makes them, and no longer
than what janusd can put aside; before the next one the fast client has to have the last. So a
machine that gives it no time is slow and not wrong. Then they come without end: what the fast one
misses then is counted. Figures are printed, none is asserted.
"""

import json
import os
import re
import subprocess
import time

import grpc

from case import main
from daemon import program
from events_case import Events, Stream
import openers
import sandbox

GUARDS = 2  # each records each open
READERS = 2
OPENS = 500  # of each reader in a burst
BURSTS = 20 if os.environ.get("JANUS_SANITIZE") else 80
LONG = 10 if os.environ.get("JANUS_SANITIZE") else 100  # bursts without a pause
LOST = re.compile(r"^janusd: warning: (\d+) records were lost")
SEQUENCE = re.compile(rb'"sequence":(\d+)')
GAP = re.compile(r"^janusctl: gap: (\d+) events were lost here$")


class Reader:
    """janusctl events --json, into a file that the test looks at."""

    def __init__(self, box, address, name):
        self.path = os.path.join(box.path, name)
        self.lines = self.last = 0
        self.whole = True
        self.at = 0
        with open(self.path, "wb") as out:
            self.process = subprocess.Popen(
                [program("janusctl"), "--address", address, "events", "--json"],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True)
        box.adopt(self.process.pid)

    def look(self):
        """Take what has come: each event once, in order."""
        with open(self.path, "rb") as out:
            out.seek(self.at)
            data = out.read()
        data = data[:data.rfind(b"\n") + 1]
        self.at += len(data)
        for match in SEQUENCE.finditer(data):
            self.whole &= self.last in (0, int(match[1]) - 1)
            self.last = int(match[1])
            self.lines += 1
        return self.last

    def close(self):
        self.process.kill()
        _, told = self.process.communicate(timeout=20)
        return [int(match[1]) for match in map(GAP.match, told.splitlines()) if match]


class Load(Events):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        # Text records are not what this is about, and a pipe would be read by this very process.
        self.log = os.path.join(self.box.path, "log")
        with open(self.log, "ab") as log:
            self.janusd = self.start_janusd(stderr=log)
        self.client = sandbox.wait_until(self.dial, 15, "janusd to serve")
        for number in range(GUARDS):
            self.create(f"pod-{number}", name=f"guard-{number}", pid=[self.goal.pid],
                        allow=["/data/menu"])

    def dial(self):
        client = self.connect(self.janusd.address)
        return client if client.check(timeout=2).name == "OK" else None

    def lost_by_janusd(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return sum(int(match[1]) for match in map(LOST.match, log) if match)

    def burst(self, opens=OPENS):
        """(what became of the opens, how many events a second)"""
        begin = time.monotonic()
        done = subprocess.run(
            [program("hammer"), "burst", str(READERS), str(opens),
             self.goal.root + "/data/menu"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, text=True, timeout=200, check=True)
        rate = READERS * opens * GUARDS / (time.monotonic() - begin)
        _, hung, one = done.stdout.splitlines()
        self.assertEqual(json.loads(hung)["hung"], 0)
        one = json.loads(one)
        self.assertEqual(one["opened"], READERS * opens)
        return one, rate

    def probe(self):
        """How far the history is."""
        stream = self.stream()
        stream.cancel()
        return stream.last

    def recorded(self, count):
        """So many events are behind us; those that janusd could not record are holes."""
        return sandbox.wait_until(lambda: self.probe() >= count and self.probe(), 120,
                                  f"{count} events")

    def burst_read_by(self, fast, opens=OPENS):
        """(the opens, the rate, the last event), when the fast client has it."""
        end = self.recorded(1) + READERS * opens * GUARDS
        one, rate = self.burst(opens)
        self.recorded(end)
        # One more, for the last of a burst may be among the lost.
        self.allowed()
        end = self.recorded(end + GUARDS)
        sandbox.wait_until(lambda: fast.look() >= end, 120, "the fast client to have all")
        return one, rate, end

    def test_a_fast_client_has_all_and_a_stalled_one_is_told_its_gap(self):
        alone, _ = self.burst()
        made = self.recorded(READERS * OPENS * GUARDS)
        stalled = self.stalled()
        fast = Reader(self.box, self.janusd.address, "fast")
        self.addCleanup(fast.process.kill)
        self.wait_begun(fast, made)
        first, lost_before = fast.last - fast.lines, self.lost_by_janusd()
        bursts = [self.burst_read_by(fast) for _ in range(BURSTS)]
        self.print_bursts(alone, bursts)
        end = bursts[-1][2]
        self.assertEqual((fast.lines, fast.whole), (end - first, True))
        long_one, rate, end = self.burst_read_by(fast, OPENS * LONG)
        told, lost = sum(fast.close()), self.lost_by_janusd() - lost_before
        print(f"without a pause: {rate:.0f} events/s for {READERS * OPENS * LONG * GUARDS}; "
              f"{openers.figures(long_one)}", flush=True)
        print(f"fast client: {fast.lines} events, {told} told as lost, of which {lost} "
              "came faster than they could be recorded", flush=True)
        self.assertEqual(fast.lines + told, end - first)
        self.assertGreaterEqual(told, lost)
        self.check_stalled(stalled, end, lost)

    def stalled(self):
        """A client that takes one response and then reads no more. It keeps its window small."""
        client = self.connect(self.janusd.address, options=[
            ("grpc.http2.lookahead_bytes", 65536), ("grpc.http2.bdp_probe", 0)])
        return self.stream(client=client, timeout=600)

    def wait_begun(self, fast, made):
        """An event that it has shows that it listens."""
        def begun():
            self.allowed()
            return fast.look() > made
        sandbox.wait_until(begun, 30, "the fast client to begin")
        sandbox.wait_until(lambda: fast.look() == self.probe(), 30, "all so far")

    def check_stalled(self, stream, end, lost):
        begun = stream.last
        stream.read_to(end)
        gaps = stream.gaps
        print(f"stalled client: {len(stream.events)} events, {sum(gaps)} told as lost in "
              f"{len(gaps)} gaps", flush=True)
        self.assertEqual(len(stream.events) + sum(gaps), end - begun)
        self.assertGreater(sum(gaps), lost)

    def print_bursts(self, alone, bursts):
        ones = sorted((one for one, _, _ in bursts), key=lambda one: one["p50_us"])
        rates = sorted(rate for _, rate, _ in bursts)
        print(f"\n{BURSTS} bursts of {READERS * OPENS} opens, {GUARDS} records each: "
              f"{rates[0]:.0f} to {rates[-1]:.0f} events/s, median "
              f"{rates[len(rates) // 2]:.0f}", flush=True)
        for what, one in (("without clients", alone), ("with both, best burst", ones[0]),
                          ("with both, median burst", ones[len(ones) // 2]),
                          ("with both, worst burst", ones[-1])):
            print(f"opens {what}: {openers.figures(one)}", flush=True)


class Restarted(Events):
    """A worker that is killed under streams."""

    def test_streams_end_and_can_be_resumed(self):
        self.guard(allow=[])
        stream = self.stream()
        crowd = openers.Crowd(self.box, 4, self.goal.root + "/data/recipe")
        self.addCleanup(crowd.close)
        for _ in range(3):
            stream.read(len(stream.events) + 50)
            self.janusd.kill_worker()
            self.assertEqual(stream.end()[0], "UNAVAILABLE")
            stream = sandbox.wait_until(lambda: self.resume(stream), 30, "a new worker")
            self.assertEqual(stream.gaps, [0])

    def resume(self, old):
        client = self.connect(self.janusd.address)
        stream = Stream(client, 60, instance=old.instance, after_sequence=old.last)
        try:
            stream.next()
        except grpc.RpcError:
            return None
        self.assertNotEqual(stream.instance, old.instance)
        return stream


if __name__ == "__main__":
    main()
