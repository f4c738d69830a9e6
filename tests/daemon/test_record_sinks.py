# SPDX-License-Identifier: MIT
"""Sinks of records against what they write to: files that are rotated, full or nobody's, FIFOs,
and journald and rsyslogd themselves."""

import base64
import json
import os
import re
import signal
import subprocess

import jsonschema

import sandbox
from case import Case, main
from feeder import Feeder

LINE = re.compile(r"^<DENY> OPEN_PERM file number (\d+) ")


class SinkCase(Case):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        self.folder = self.box.folder(self.unique("sink"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def feed(self, kind, path, **settings):
        feeder = Feeder(kind, path, **settings)
        self.addCleanup(self.close, feeder)
        return feeder

    def close(self, feeder):
        """A sanitizer's findings are told by the status, too."""
        self.assertEqual(feeder.close(), 0, feeder.log)

    def lines(self, *names):
        found = []
        for name in names:
            with open(self.path(name), encoding="utf-8") as file:
                text = file.read()
            self.assertTrue(text.endswith("\n"), name)
            found += text.splitlines()
        return found

    def numbers(self, *names):
        """Every line is whole, and says its number."""
        return [int(LINE.match(line).group(1)) for line in self.lines(*names)]

    def small_disk(self, size="64k"):
        folder = self.path("disk")
        os.mkdir(folder)
        sandbox.mount("none", folder, "tmpfs", "size=" + size)
        self.addCleanup(sandbox.umount, folder)
        return folder


class Files(SinkCase):
    def old_ones(self, name):
        return sorted((entry for entry in os.listdir(self.folder)
                       if entry.startswith(name + ".")),
                      key=lambda entry: -int(entry.rsplit(".", 1)[1]))

    def test_rotation_by_size_loses_and_tears_nothing(self):
        feeder = self.feed("text", self.path("log"), rotate_bytes=4096, rotate_keep=1000,
                           queue_bytes=64 << 20)
        for _ in range(20):
            feeder.put(1000)
        feeder.flush()
        names = self.old_ones("log") + ["log"]
        self.assertGreater(len(names), 200)
        self.assertEqual(self.numbers(*names), list(range(1, 20001)))
        for name in names:
            self.assertLessEqual(os.path.getsize(self.path(name)), 4096)
        self.assertEqual(feeder.stats()[2:], (0, 0, 0, 0, 0))

    def test_only_so_many_old_files_stay(self):
        feeder = self.feed("text", self.path("log"), rotate_bytes=4096, rotate_keep=3)
        feeder.put(1000)
        feeder.flush()
        self.assertEqual(self.old_ones("log"), ["log.3", "log.2", "log.1"])
        numbers = self.numbers("log.3", "log.2", "log.1", "log")
        self.assertEqual(numbers, list(range(numbers[0], 1001)))

    def test_none_stays_where_none_is_wanted(self):
        feeder = self.feed("text", self.path("log"), rotate_bytes=4096, rotate_keep=0)
        feeder.put(1000)
        feeder.flush()
        self.assertEqual(os.listdir(self.folder), ["log"])

    def test_rotation_by_age(self):
        feeder = self.feed("text", self.path("log"), rotate_seconds=1, rotate_keep=9)

        def rotated():
            feeder.put(1)
            feeder.flush()
            return self.old_ones("log")

        sandbox.wait_until(rotated, 20, "the file to be one second old")
        numbers = self.numbers("log.1", "log")
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))

    def test_a_moved_file_is_opened_again_when_told_to(self):
        feeder = self.feed("text", self.path("log"))
        feeder.put(10)
        feeder.flush()
        os.rename(self.path("log"), self.path("moved"))
        feeder.put(10)
        feeder.flush()
        self.assertFalse(os.path.exists(self.path("log")))
        feeder.ask("reopen")
        feeder.put(10)
        feeder.flush()
        self.assertEqual(self.numbers("moved"), list(range(1, 21)))
        self.assertEqual(self.numbers("log"), list(range(21, 31)))

    def test_reopened_under_load_loses_and_tears_nothing(self):
        feeder = self.feed("text", self.path("log"), queue_bytes=64 << 20)
        names = []
        for turn in range(30):
            feeder.put(500)
            names.append(f"moved-{turn}")
            if os.path.exists(self.path("log")):
                os.rename(self.path("log"), self.path(names[-1]))
            feeder.ask("reopen")
        feeder.put(1)
        feeder.flush()
        names = [name for name in names if os.path.exists(self.path(name))] + ["log"]
        self.assertEqual(self.numbers(*names), list(range(1, 15002)))

    def test_where_it_cannot_rotate_it_goes_on(self):
        os.mkdir(self.path("log.1"))
        open(self.path("log.1/in-the-way"), "w", encoding="ascii").close()
        feeder = self.feed("text", self.path("log"), rotate_bytes=4096, rotate_keep=1)
        feeder.put(1000)
        feeder.flush()
        self.assertEqual(self.numbers("log"), list(range(1, 1001)))
        feeder.close()
        self.assertIn("cannot rotate", "\n".join(feeder.log))

    def test_a_full_disk_tears_nothing_and_recovers(self):
        disk = self.small_disk()
        feeder = self.feed("text", os.path.join(disk, "log"), queue_bytes=8192)
        total = 0

        def full():
            nonlocal total
            feeder.put(100)
            total += 100
            return feeder.stats().error

        sandbox.wait_until(full, 20, "drops by the full disk")
        before = self.lines("disk/log")
        os.truncate(os.path.join(disk, "log"), 0)

        def all_told():
            feeder.flush()
            lines = before + self.lines("disk/log")
            news = [line for line in lines if not LINE.match(line)]
            told = sum(int(re.match(r"janusd: warning: (\d+) records", line).group(1))
                       for line in news)
            return told == sum(feeder.stats()[4:]) and (lines, news, told)

        lines, news, told = sandbox.wait_until(all_told, 20, "the news of the whole loss")
        numbers = [int(LINE.match(line).group(1)) for line in lines if LINE.match(line)]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(len(numbers) + told, total)
        self.assertRegex(news[-1], "could not be written")
        feeder.close()
        self.assertRegex("\n".join(feeder.log), r"cannot write: No space left on device")
        self.assertIn("can be written again", "\n".join(feeder.log))

    def test_a_folder_that_comes_later_has_lost_nothing(self):
        feeder = self.feed("text", self.path("later/log"))
        feeder.put(100)
        sandbox.wait_until(lambda: any("cannot write" in line for line in feeder.log), 20,
                           "the log to say so")
        os.mkdir(self.path("later"))
        feeder.flush()
        self.assertEqual(self.numbers("later/log"), list(range(1, 101)))
        self.assertEqual(feeder.stats().error, 0)

    def test_a_fifo_that_nobody_reads_holds_nobody_up(self):
        os.mkfifo(self.path("fifo"))
        feeder = self.feed("text", self.path("fifo"), queue_bytes=8192)
        feeder.put(5000)
        self.assertGreater(feeder.stats().error + feeder.stats().queue, 1000)
        self.assertEqual(feeder.close(), 0)

    def test_a_fifo_whose_reader_sleeps(self):
        os.mkfifo(self.path("fifo"))
        reader = os.open(self.path("fifo"), os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        feeder = self.feed("text", self.path("fifo"), queue_bytes=8192)
        for _ in range(50):
            feeder.put(100)
        self.assertGreater(feeder.stats().queue, 0)
        got = b""

        def take():
            nonlocal got
            try:
                got += os.read(reader, 1 << 20)
            except BlockingIOError:
                pass
            return b"records were dropped" in got and got.endswith(b"\n")

        sandbox.wait_until(take, 20, "the news of the loss")
        for line in got.decode().splitlines():
            self.assertRegex(line, LINE.pattern + "|^janusd: warning: ")


class Standard(SinkCase):
    def test_error_is_shared_with_the_log(self):
        feeder = self.feed("text", "stderr")
        feeder.put(100)
        feeder.flush()
        feeder.close()
        self.assertEqual(len([line for line in feeder.log if LINE.match(line)]), 100)


class Limits(SinkCase):
    def test_rate_and_burst(self):
        feeder = self.feed("json", self.path("log"), rate=1, burst=10)
        feeder.put(1000)
        stats = feeder.stats()
        self.assertGreaterEqual(stats.rate, 900)
        self.assertEqual(stats.rate + stats.accepted, 1000)

        def all_told():
            feeder.flush()
            return stats.rate == sum(
                line["janus"].get("dropped", {}).get("rate", 0)
                for line in map(json.loads, self.lines("log")))

        sandbox.wait_until(all_told, 20, "the news of the whole loss")
        sandbox.wait_until(lambda: feeder.log, 20, "the log to tell it, too")
        self.assertIn("above the rate", feeder.log[0])

    def test_identical_ones_are_one(self):
        feeder = self.feed("json", self.path("log"), fold_ms=3600000)
        feeder.put(1000, "/data/salt")
        feeder.put(3, "/data/pepper")
        feeder.put(1, "/data/thyme")
        self.assertEqual(feeder.stats().accepted, 0)
        feeder.ask("tick")
        feeder.flush()
        records = [json.loads(line) for line in self.lines("log")]
        self.assertEqual([(record["file"]["path"], record["janus"]["count"])
                          for record in records],
                         [("/data/salt", 1000), ("/data/pepper", 3), ("/data/thyme", 1)])
        self.assertLess(records[0]["event"]["start"], records[0]["event"]["end"])
        self.assertEqual(records[0]["@timestamp"], records[0]["event"]["start"])
        self.assertNotIn("start", records[2]["event"])
        self.assertEqual(feeder.stats().folded, 1001)

    def test_more_different_ones_than_are_kept(self):
        feeder = self.feed("text", self.path("log"), fold_ms=3600000)
        feeder.put(3000)
        self.assertEqual(feeder.stats().accepted, 3000 - 1024)
        feeder.ask("tick")
        feeder.flush()
        self.assertEqual(self.numbers("log"), list(range(1, 3001)))

    def test_verdicts(self):
        feeder = self.feed("text", self.path("log"), verdicts=1)
        feeder.put(10)
        self.assertEqual(feeder.stats(), (0, 0, 10, 0, 0, 0, 0))


class Json(SinkCase):
    def test_it_fits_its_schema(self):
        with open(os.environ["JANUS_RECORDS_SCHEMA"], encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        feeder = self.feed("json", self.path("log"), rate=1, burst=3)
        feeder.put(1, r"/data/\xff\xfe\x22\x5c\x0a\x01", r"c\xe2\x80\xae\xc3")
        feeder.put(10, "/data/plain")

        def all_told():
            feeder.flush()
            return any("dropped" in line for line in self.lines("log"))

        sandbox.wait_until(all_told, 20, "the news of the loss")
        records = [json.loads(line) for line in self.lines("log")]
        for record in records:
            validator.validate(record)
        first = records[0]
        self.assertEqual(first["file"]["path"], "/data/\ufffd\ufffd\"\\\n\x01")
        self.assertEqual(base64.b64decode(first["janus"]["raw"]["file.path"]),
                         b"/data/\xff\xfe\"\\\n\x01")
        self.assertEqual(first["process"]["name"], "c\u202e\ufffd")
        self.assertEqual(base64.b64decode(first["janus"]["raw"]["process.name"]),
                         b"c\xe2\x80\xae\xc3")
        self.assertNotIn("raw", records[1]["janus"])
        self.assertEqual(records[1]["labels"], {"meal": 'lunch "]\\'})


class Journald(SinkCase):
    """systemd-journald itself, in this test's own mount namespace."""

    def setUp(self):
        super().setUp()
        if not os.path.ismount("/run/systemd"):
            os.makedirs("/run/systemd", exist_ok=True)
            sandbox.mount("none", "/run/systemd", "tmpfs")
            sandbox.mount("none", "/var/log", "tmpfs")
            os.makedirs("/run/log", exist_ok=True)
            sandbox.mount("none", "/run/log", "tmpfs")
            os.makedirs("/run/log/journal")
            os.makedirs("/run/systemd/journald.conf.d")
            with open("/run/systemd/journald.conf.d/test.conf", "w", encoding="ascii") as file:
                file.write("[Journal]\nRateLimitIntervalSec=0\nReadKMsg=no\nStorage=volatile\n"
                           "Audit=no\nForwardToSyslog=no\n")
        self.journald = None
        self.start()

    def start(self):
        os.makedirs("/run/systemd/journal", exist_ok=True)
        self.journald = subprocess.Popen(["/lib/systemd/systemd-journald"],
                                         stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.box.adopt(self.journald.pid)
        self.addCleanup(self.stop)
        sandbox.wait_until(lambda: os.path.exists("/run/systemd/journal/socket"), 20,
                           "journald's socket")

    def stop(self):
        if self.journald.poll() is None:
            self.journald.terminate()
            self.journald.wait(20)
        for name in os.listdir("/run/systemd/journal"):
            if name in ("socket", "dev-log", "stdout"):
                os.unlink("/run/systemd/journal/" + name)

    def entries(self, *matches):
        done = subprocess.run(
            ["journalctl", "-D", "/run/log/journal", "-o", "json", "--all", "--no-pager",
             "SYSLOG_IDENTIFIER=janusd", *matches],
            capture_output=True, text=True, timeout=30, check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def wait_entries(self, count, *matches):
        def found():
            entries = self.entries(*matches)
            return len(entries) >= count and entries
        return sandbox.wait_until(found, 30, f"{count} entries of {matches}")

    def test_each_field_arrives(self):
        feeder = self.feed("journal", "/run/systemd/journal/socket")
        feeder.put(1, r"/data/two\x0alines\xff")
        feeder.put(1, "/data/plain")
        feeder.flush()
        first, second = self.wait_entries(2, "JANUS_GUARD=recipes")[:2]
        self.assertEqual(bytes(first["JANUS_PATH"]), b"/data/two\nlines\xff")
        self.assertEqual(second["JANUS_PATH"], "/data/plain")
        self.assertRegex(second["MESSAGE"], LINE.pattern)
        self.assertEqual(
            [second[name] for name in ("PRIORITY", "JANUS_VERDICT", "JANUS_EVENT", "JANUS_POD",
                                       "JANUS_NODE", "JANUS_REASON", "JANUS_PID", "JANUS_UID",
                                       "JANUS_CONTAINER_ID", "JANUS_TAG", "JANUS_SCHEMA")],
            ["4", "DENY", "OPEN_PERM", "kitchen", "node-1", "rule", "77", "0", "c0ffee",
             'meal=lunch "]\\', "1"])

    def test_it_may_go_and_come_back(self):
        feeder = self.feed("journal", "/run/systemd/journal/socket")
        feeder.put(10, "/data/before")
        feeder.flush()
        self.wait_entries(10, "JANUS_PATH=/data/before")
        self.stop()
        feeder.put(100, "/data/between")
        sandbox.wait_until(lambda: any("cannot write" in line for line in feeder.log), 20,
                           "the log to say so")
        self.start()
        feeder.flush()
        self.assertEqual(len(self.wait_entries(100, "JANUS_PATH=/data/between")), 100)

    def test_one_that_is_stopped_holds_nobody_up(self):
        feeder = self.feed("journal", "/run/systemd/journal/socket", queue_bytes=16384)
        os.kill(self.journald.pid, signal.SIGSTOP)
        try:
            feeder.put(5000, "/data/stopped")
            self.assertGreater(feeder.stats().queue, 1000)
        finally:
            os.kill(self.journald.pid, signal.SIGCONT)
        feeder.flush()
        feeder.put(1, "/data/after")
        news = self.wait_entries(1, "JANUS_DROPPED_RATE=0")
        self.assertRegex(news[0]["MESSAGE"], r"^\d+ records were dropped: ")

    def test_what_is_too_large_for_a_datagram(self):
        feeder = self.feed("journal", "/run/systemd/journal/socket")
        with open("/proc/sys/net/core/wmem_default", encoding="ascii") as file:
            size = int(file.read()) + 1
        self.assertEqual(feeder.ask("large", size), "ok")
        feeder.flush()
        lengths = [len(entry["JANUS_PATH"]) for entry in
                   self.wait_entries(1, f"JANUS_COMM=large-{size}")]
        self.assertEqual(lengths, [size])


class Rsyslog(SinkCase):
    """rsyslogd itself; what it has understood of RFC 5424 it writes as JSON."""

    CONFIG = """
module(load="imuxsock" SysSock.Use="off")
module(load="mmpstrucdata")
input(type="imuxsock" Socket="%(folder)s/log.sock" UseSpecialParser="off" ParseHostname="on"
      RateLimit.Interval="0" ruleset="all")
template(name="all" type="list" option.jsonf="on") {
  property(outname="app" name="app-name" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="msgid" name="msgid" format="jsonf")
  property(outname="severity" name="syslogseverity" format="jsonf")
  property(outname="facility" name="syslogfacility-text" format="jsonf")
  property(outname="version" name="protocol-version" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="msg" name="msg" format="jsonf")
  property(outname="data" name="$!rfc5424-sd" format="jsonf")
}
ruleset(name="all" parser="rsyslog.rfc5424") {
  action(type="mmpstrucdata")
  action(type="omfile" file="%(folder)s/out" template="all")
}
"""

    def start(self):
        with open(self.path("conf"), "w", encoding="ascii") as file:
            file.write(self.CONFIG % {"folder": self.folder})
        syslogd = subprocess.Popen(
            ["/usr/sbin/rsyslogd", "-n", "-C", "-f", self.path("conf"), "-i",
             self.path("pid")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.box.adopt(syslogd.pid)
        self.addCleanup(self.stop, syslogd)
        sandbox.wait_until(lambda: os.path.exists(self.path("log.sock")), 20,
                           "rsyslogd's socket")
        return syslogd

    @staticmethod
    def stop(syslogd):
        if syslogd.poll() is None:
            syslogd.terminate()
            syslogd.wait(20)

    def received(self, count):
        def found():
            if not os.path.exists(self.path("out")):
                return None
            lines = self.lines("out") if os.path.getsize(self.path("out")) else []
            return len(lines) >= count and [json.loads(line) for line in lines]
        return sandbox.wait_until(found, 20, f"{count} messages at rsyslogd")

    def test_it_is_understood(self):
        self.start()
        feeder = self.feed("syslog", self.path("log.sock"))
        feeder.put(1, r"/data/a\x22]\x5cb")
        feeder.flush()
        got = self.received(1)[0]
        self.assertEqual((got["app"], got["host"], got["msgid"], got["severity"],
                          got["facility"], got["version"]),
                         ("janusd", "node-1", "OPEN_PERM", "4", "daemon", "1"))
        self.assertRegex(got["msg"].lstrip("\ufeff"), LINE.pattern)
        data = json.loads(got["data"])["janus@32473"]
        self.assertEqual(data["path"], '/data/a"]\\\\b')  # escaped as in a line of text
        self.assertEqual((data["verdict"], data["guard"], data["pod"], data["schema"]),
                         ("DENY", "recipes", "kitchen", "1"))

    def test_it_may_go_and_come_back(self):
        syslogd = self.start()
        feeder = self.feed("syslog", self.path("log.sock"))
        feeder.put(10)
        feeder.flush()
        self.received(10)
        self.stop(syslogd)
        if os.path.exists(self.path("log.sock")):
            os.unlink(self.path("log.sock"))
        feeder.put(100)
        self.assertEqual(feeder.stats().accepted, 110)
        self.start()
        feeder.flush()
        self.assertEqual(len(self.received(110)), 110)


if __name__ == "__main__":
    main(grpc=False)
