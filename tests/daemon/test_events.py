# SPDX-License-Identifier: MIT
"""StreamEvents of janus.v1: what is told, filters, resuming, gaps, limits and the end."""

import os
import subprocess
import time

from case import main
from events_case import Events, Stream, VERDICTS
import openers

OPEN, ACCESS, EXEC = 1, 2, 3


class Content(Events):
    def test_what_an_event_tells(self):
        before = time.time_ns()
        self.guard(name="larder", tags={"meal": "lunch", "empty": ""})
        stream = self.stream()
        self.denied()
        event, = stream.read(1)
        self.assertEqual((event.guard, event.pod, event.node),
                         ("larder", "kitchen", "node-1"))
        self.assertEqual((event.kind, event.verdict, event.reason, event.file_type),
                         (OPEN, VERDICTS["DENY"], 1, 1))
        self.assertEqual((event.path, event.raw_path, event.old_path),
                         ("/data/recipe", b"", ""))
        self.assertEqual(dict(event.tags), {"meal": "lunch", "empty": ""})
        self.assertTrue(before < event.time_ns < time.time_ns())
        who = event.process
        self.assertEqual((who.uid, who.gid, who.parent_pid), (0, 0, self.goal.pid))
        self.assertGreater(who.pid, 0)
        self.assertEqual(who.comm, "cat")
        self.assertTrue(who.exe.endswith("/bin/busybox"), who.exe)
        self.assertEqual(stream.last, event.sequence)
        self.assertEqual(stream.gaps, [])

    def test_sequences_rise_by_one(self):
        self.guard()
        stream = self.stream()
        for _ in range(5):
            self.denied()
            self.allowed()
        events = stream.read(10)
        first = events[0].sequence
        self.assertEqual([event.sequence for event in events],
                         list(range(first, first + 10)))
        self.assertEqual([event.path for event in events],
                         ["/data/recipe", "/data/menu"] * 5)
        self.assertEqual({response.instance for response in stream.responses},
                         {stream.instance})
        self.assertRegex(stream.instance, "^[0-9a-f]{32}$")

    def test_paths_with_any_bytes(self):
        folder = os.fsencode(self.goal.root) + b"/data/"
        names = {b"a\nb": ("a\nb", b""), b"\xff\xfeQ": ("\ufffd\ufffdQ", b"\xff\xfeQ"),
                 "ß".encode(): ("ß", b""), b"'\"\\": ("'\"\\", b"")}
        for name in names:
            with open(folder + name, "w", encoding="ascii"):
                pass
        self.guard(allow=["/data"], deny=[])
        stream = self.stream()
        for name in names:
            subprocess.run([b"cat", folder + name], check=True, timeout=20)
        events = [event for event in stream.read(len(names))]
        for event, (path, raw) in zip(events, names.values()):
            self.assertEqual(event.path, "/data/" + path)
            self.assertEqual(event.raw_path, b"/data/" + raw if raw else b"")

    def test_it_begins_with_where_it_is(self):
        self.guard()
        self.denied()
        self.stream(from_oldest=True).read(1)  # it is told after the answer
        stream = self.stream()
        first, = stream.responses
        self.assertFalse(first.events or first.HasField("gap"))
        self.assertEqual(first.last_sequence, 1)
        self.allowed()
        self.assertEqual([event.sequence for event in stream.read(1)], [2])


class Filters(Events):
    def setUp(self):
        super().setUp()
        self.guard(pod="kitchen", name="deny", allow=[])
        self.guard(pod="kitchen", name="allow", deny=[])
        self.guard(pod="cellar", name="read", allow=["/data/menu"], deny=[],
                   event=["access"])

    def use(self):
        """Denied, allowed, read: an event of each of the guards."""
        self.denied()
        self.assert_allowed(self.goal.run("head -c 1 /data/menu"), "s")

    def check(self, wanted, **fields):
        stream, everything = self.stream(**fields), self.stream()
        self.use()
        self.assertEqual([event.guard for event in everything.read(3)],
                         ["deny", "allow", "read"])
        stream.read(len(wanted))
        # The next round is behind all of the first.
        self.use()
        stream.read(2 * len(wanted))
        self.assertEqual([event.guard for event in stream.events], 2 * wanted)
        again = self.stream(instance=stream.instance, after_sequence=0, **fields)
        again.read(2 * len(wanted))
        self.assertEqual([event.guard for event in again.events][:2 * len(wanted)],
                         2 * wanted)

    def test_by_guard(self):
        self.check(["deny"], guards=["deny", "nobody"])

    def test_by_pod(self):
        self.check(["read"], pods=["cellar"])
        self.check(["deny", "allow", "read"], pods=["cellar", "kitchen"])

    def test_by_verdict(self):
        self.check(["deny"], verdicts=[VERDICTS["DENY"]])
        self.check(["allow", "read"], verdicts=[VERDICTS["ALLOW"], VERDICTS["WOULD_DENY"]])

    def test_by_kind(self):
        self.check(["read"], kinds=[ACCESS])
        self.check(["deny", "allow"], kinds=[OPEN, EXEC])

    def test_by_path(self):
        self.check(["deny"], path_glob="/**/rec*")
        self.check(["allow", "read"], path_glob="/data/men[tu]")

    def test_each_must_fit(self):
        self.check(["allow"], pods=["kitchen"], path_glob="/data/*",
                   verdicts=[VERDICTS["ALLOW"]])

    def test_by_the_bytes_of_a_path(self):
        name = os.fsencode(self.goal.root) + b"/data/\xff.key"
        with open(name, "w", encoding="ascii"):
            pass
        self.guard(pod="safe", name="keys", allow=["/data"], deny=[])
        stream = self.stream(path_glob="/data/?.key")
        subprocess.run([b"cat", name], check=True, timeout=20)
        event, = stream.read(1)
        self.assertEqual(event.raw_path, b"/data/\xff.key")

    def test_what_makes_no_sense_is_named(self):
        many = [str(number) for number in range(257)]
        for words, fields in (
                (("verdicts[1]", "17"), {"verdicts": [1, 17]}),
                (("kinds[0]", "0"), {"kinds": [0]}),
                (("kinds[0]", "99"), {"kinds": [99]}),
                (("path_glob", "'data/*'", "'/'"), {"path_glob": "data/*"}),
                (("path_glob", "'/[a'", "]"), {"path_glob": "/[a"}),
                (("path_glob", "longer"), {"path_glob": "/" + "a" * 5000}),
                (("guards", "257", "256"), {"guards": many}),
                (("pods", "257", "256"), {"pods": many}),
                (("instance", "after_sequence"), {"after_sequence": 1}),
                (("from_oldest", "instance"), {"from_oldest": True, "instance": "a"})):
            with self.subTest(fields=str(fields)[:60]):
                self.refused("INVALID_ARGUMENT", *words, **fields)

    def test_a_client_whose_filter_fits_nothing_is_told_how_far_it_is(self):
        stream = self.stream(guards=["nobody"])
        crowd = openers.Crowd(self.box, 2, self.goal.root + "/data/recipe")
        self.addCleanup(crowd.close)
        for _ in range(2):
            before = stream.last
            self.assertGreater(stream.next().last_sequence, before)
        self.assertEqual(stream.events, [])


class Resume(Events):
    def setUp(self):
        super().setUp()
        self.guard()

    def use(self, count):
        for _ in range(count):
            self.denied()

    def sequences(self, stream, count):
        return [event.sequence for event in stream.read(count)]

    def test_nothing_is_missed_and_nothing_comes_twice(self):
        stream = self.stream()
        self.use(3)
        stream.read(3)
        stream.cancel()
        self.use(4)
        again = self.stream(instance=stream.instance, after_sequence=stream.last)
        self.use(1)
        self.assertEqual(self.sequences(again, 5), [4, 5, 6, 7, 8])
        self.assertEqual(again.gaps, [])

    def test_before_there_was_any_event(self):
        stream = self.stream()
        self.assertEqual(stream.last, 0)
        stream.cancel()
        self.use(2)
        again = self.stream(instance=stream.instance, after_sequence=0)
        self.assertEqual(self.sequences(again, 2), [1, 2])
        self.assertEqual(again.gaps, [])

    def test_from_the_oldest(self):
        self.use(3)
        stream = self.stream(from_oldest=True)
        self.assertEqual(self.sequences(stream, 3), [1, 2, 3])
        self.use(1)
        self.assertEqual(self.sequences(stream, 4), [1, 2, 3, 4])
        self.assertEqual(stream.gaps, [])

    def test_another_instance(self):
        self.use(2)
        stream = self.stream(instance="of-yesterday", after_sequence=12345)
        self.assertEqual(self.sequences(stream, 2), [1, 2])
        self.assertEqual(stream.gaps, [0])
        self.assertTrue(stream.responses[0].HasField("gap"))

    def test_a_sequence_that_has_not_been(self):
        self.use(2)
        stream = self.stream(from_oldest=True)
        stream.read(2)
        self.refused("INVALID_ARGUMENT", "after_sequence", "3", "2",
                     instance=stream.instance, after_sequence=3)

    def test_a_new_worker_is_another_instance(self):
        stream = self.stream()
        self.use(2)
        stream.read(2)
        self.janusd.kill_worker()
        self.assertEqual(stream.end()[0], "UNAVAILABLE")
        self.janusd.wait_line("^janusd: ready$", count=2)
        client = self.connect(self.janusd.address)
        again = self.stream(client=client, instance=stream.instance,
                            after_sequence=stream.last)
        self.assertNotEqual(again.instance, stream.instance)
        self.use(1)
        again.read(1)
        self.assertEqual(again.gaps, [0])


class End(Events):
    def test_it_ends_with_the_daemon(self):
        self.guard()
        waiting, filtered = self.stream(), self.stream(guards=["nobody"])
        self.janusd.terminate()
        for stream in (waiting, filtered):
            code, details = stream.end()
            self.assertEqual(code, "UNAVAILABLE", details)
            self.assertIn("about to end", details)
        self.assertEqual(self.janusd.wait_exit(), 0)
        self.assertFalse([line for line in self.janusd.snapshot() if "cancelled" in line])

    def test_the_limit_of_streams_and_that_ended_ones_do_not_count(self):
        streams = [self.stream() for _ in range(64)]
        self.refused("RESOURCE_EXHAUSTED", "64", "streams of events")
        streams.pop().cancel()
        streams.append(self.wait_until(self.another, "a stream that has ended to be freed"))
        self.refused("RESOURCE_EXHAUSTED", "limit")
        for stream in streams:
            stream.cancel()
        self.wait_until(self.another, "all streams to be freed")
        self.guard()
        self.denied()
        self.assert_ok(self.client.check())

    def another(self):
        stream = Stream(self.client, 20)
        try:
            stream.next()
        except Exception as error:  # grpc's own
            self.assertEqual(error.code().name, "RESOURCE_EXHAUSTED")
            return None
        return stream

    def test_streams_that_come_and_go_under_events(self):
        self.guard()
        whole = self.stream(timeout=60)
        for number in range(30):
            some = [self.stream(from_oldest=number % 2 == 1) for _ in range(5)]
            self.denied()
            for stream in some:
                stream.cancel()
        self.assertEqual([event.sequence for event in whole.read(30)],
                         list(range(1, 31)))
        self.assertEqual(self.janusd.stop(), 0)


if __name__ == "__main__":
    main()
