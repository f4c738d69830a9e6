# SPDX-License-Identifier: MIT
"""Clients that are up to no good, on loopback and within bounds. Whatever they do, janusd serves
afterwards, no guard was lost, and the worker has stayed below its memory limit or was killed by it
and is back."""

import os
import random
import resource

from case import Case, main
from daemon import READY
import http2
from limited import Limited
from sandbox import wait_until

LIMIT = 256 << 20
SILENT = 10000
RESETS = 100000
PINGS = 100000
CHECK = "/grpc.health.v1.Health/Check"
STATE = "/janus.Janusd/GetGuardState"
METHODS = ("/janus.Janusd/CreateGuard", "/janus.Janusd/DestroyGuard", STATE, CHECK,
           "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")


def resident(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Abuse(Case):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        # Made before janusd, so that it is removed when the worker is gone.
        self.group = None
        if not os.environ.get("JANUS_SANITIZE"):  # whose memory is another matter
            self.group = Limited(LIMIT)
            self.addCleanup(self.group.close)
        path = "unix:" + self.box.folder(self.unique("abuse")) + "/s"
        self.janusd = self.start_janusd(listen=["127.0.0.1:0", path])
        (self.address, _), (self.local, _) = self.janusd.bound()
        self.worker = self.janusd.worker_pid
        if self.group:
            self.group.put(self.worker)
        self.goal = self.target({"/data/recipe": "salt\n"})
        self.client = self.connect(self.local)
        self.create("kitchen", pid=[self.goal.pid], deny=["/data/recipe"])

    def whole(self, what):
        """A worker that was killed for its memory is back; any other end is a fault."""
        killed = bool(self.group and self.group.kills())
        if killed:
            self.janusd.wait_line(rf"^janusd: warning: worker {self.worker} was killed by"
                                  " SIGKILL", 30)
            self.janusd.wait_line(READY, 30, count=2)
        else:
            self.assertEqual(self.janusd.worker_pid, self.worker)
        for address in (self.address, self.local):
            client = self.connect(address)
            self.assert_ok(client.check())
            self.assertEqual(client.pods(), ["kitchen"])
        self.assert_denied(self.goal.run("cat /data/recipe"))
        used = resident(self.janusd.worker_pid)
        print(f"{what}: {used >> 10} kB resident{', after it was killed' if killed else ''}",
              flush=True)
        if self.group:
            self.assertLess(used, LIMIT)

    def dial(self, **values):
        peer = http2.dial(self.address)
        self.addCleanup(peer.close)
        http2.send(peer, http2.PREFACE + http2.settings(**values))
        return peer

    def test_connections_that_say_nothing(self):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        count = min(SILENT, hard - 500)
        peers = []
        self.addCleanup(lambda: [peer.close() for peer in peers])
        for _ in range(count):
            peers.append(http2.dial(self.address))
        # Whoever comes now waits for those before him, or is turned away once.
        wait_until(lambda: self.connect(self.address).check().name == "OK", 30,
                   "room for one more")
        self.whole(f"{count} silent connections, while they are there")
        for peer in peers:
            peer.close()
        self.whole("and afterwards")

    def test_rapid_reset(self):
        peer = self.dial()
        block = http2.request(CHECK)
        for first in range(0, RESETS, 1000):
            part = b"".join(
                http2.frame(http2.HEADERS, http2.END_HEADERS, 2 * number + 1, block) +
                http2.frame(http2.RESET, 0, 2 * number + 1, b"\0\0\0\x08")
                for number in range(first, first + 1000))
            if not http2.send(peer, part):
                break
        peer.close()
        self.whole(f"{RESETS} streams that are reset at once")

    def test_ping_flood(self):
        peer = self.dial()
        part = http2.frame(http2.PING, 0, 0, b"x" * 8) * 1000
        taken = 0
        while taken < PINGS and http2.send(peer, part):
            taken += 1000
        # Enough is enough: it is told so, and the connection ends.
        self.assertIn(b"too_many_pings", http2.drain(peer))
        self.whole("a flood of pings")

    def test_metadata_without_end(self):
        peer = self.dial()
        part = b"".join(http2.header(f"x-{number}", "y" * 1000) for number in range(16))
        http2.send(peer, http2.frame(http2.HEADERS, 0, 1, http2.request(CHECK)))
        for _ in range(4000):
            if not http2.send(peer, http2.frame(http2.CONTINUATION, 0, 1, part)):
                break
        peer.close()
        self.whole("64 MB of metadata")
        answer = self.client.call(CHECK, b"")
        self.assert_ok(answer)

    def test_messages_that_are_none(self):
        dice = random.Random(6)
        seen = set()
        for _ in range(1500):
            data = dice.randbytes(dice.randrange(1, 200))
            seen.add(self.client.call(dice.choice(METHODS[:2] + METHODS[3:4]), data).name)
        self.assertIn("INVALID_ARGUMENT", seen)
        self.assertLessEqual(seen, {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED",
                                    "FAILED_PRECONDITION"})
        for method in METHODS:
            peer = self.dial()
            # A length that never comes, a flag that means nothing, a message of no bytes.
            for number, data in enumerate((b"\0\x7f\xff\xff\xff", b"\xff\0\0\0\1x", b"")):
                stream = 2 * number + 1
                http2.send(peer, http2.frame(http2.HEADERS, http2.END_HEADERS, stream,
                                             http2.request(method)) +
                           http2.frame(http2.DATA, http2.END_STREAM, stream, data))
            peer.close()
        self.whole("messages that are none")

    def test_a_message_that_is_too_long(self):
        self.assert_code(self.client.call(METHODS[0], b"x" * ((1 << 20) + 1)),
                         "RESOURCE_EXHAUSTED")
        self.whole("a message that is too long")

    def test_readers_that_do_not_read(self):
        for number in range(200):
            self.create(f"cellar-{number}", pid=[self.goal.pid], deny=["/data/recipe"])
        peers = [self.dial(window=0) for _ in range(20)]
        for peer in peers:
            for number in range(100):
                stream = 2 * number + 1
                http2.send(peer, http2.frame(http2.HEADERS, http2.END_HEADERS, stream,
                                             http2.request(STATE)) +
                           http2.frame(http2.DATA, http2.END_STREAM, stream,
                                       http2.message(b"")))
        # Those who read get what is theirs, or are told that it is too much for now.
        answer = self.client.check()
        self.assertIn(answer.name, ("OK", "RESOURCE_EXHAUSTED"))
        for peer in peers:
            peer.close()
        wait_until(lambda: self.client.check().name == "OK", 20, "room for calls")
        for number in range(200):
            self.assert_ok(self.client.destroy(self.client.config(
                nodeName="node-1", podName=f"cellar-{number}")))
        self.whole("2,000 streams that nobody reads")


if __name__ == "__main__":
    main()
