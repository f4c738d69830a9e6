# SPDX-License-Identifier: MIT
"""janusctl events as people and scripts call it: lines, JSON, filters, and how it ends."""

import json
import os
import subprocess

from case import main
from daemon import program
from events_case import Events
import sandbox

DONE, FAILED, USAGE, TOO_FEW = 0, 1, 2, 3
LINE = r"^\d\d:\d\d:\d\d\.\d{6} "


class Ctl(Events):
    def ctl(self, *words, address=None):
        done = subprocess.run(
            [program("janusctl"), "--address", address or self.janusd.address, "events",
             *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, encoding="utf-8", timeout=30, check=False)
        return done.returncode, done.stdout, done.stderr

    def lines(self, *words, count=1):
        """Of what is in the history."""
        status, out, err = self.ctl("--from-oldest", "--count", str(count), *words)
        self.assertEqual((status, err), (DONE, ""), out)
        return out.splitlines()

    def one(self, *words):
        line, = self.lines("--json", *words)
        return json.loads(line)


class Output(Ctl):
    def test_a_line(self):
        self.guard(name="larder")
        self.denied()
        line, = self.lines()
        self.assertRegex(line, LINE + r"deny open,file /data/recipe guard=larder "
                         r"pod=kitchen pid=\d+ exe=/\S*/busybox$")

    def test_an_object(self):
        self.guard(name="larder", tags={"a b": "'\"\n", "c": ""})
        self.denied()
        told = self.one()
        self.assertRegex(told.pop("time"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")
        self.assertRegex(told.pop("exe"), "/busybox$")
        for name in ("pid", "inner_pid"):
            self.assertGreater(told.pop(name), 0)
        for name in ("cgroup", "container", "runtime"):
            told.pop(name)
        self.assertEqual(told, {
            "event": "open", "path": "/data/recipe", "old_path": None, "ftype": "file",
            "comm": "cat", "parent_pid": self.goal.pid, "uid": 0, "gid": 0, "sequence": 1,
            "verdict": "deny", "reason": "rule", "guard": "larder", "pod": "kitchen",
            "node": "node-1", "generation": told["generation"],
            "tags": {"a b": "'\"\n", "c": ""}})

    def test_paths_of_any_bytes_are_one_line(self):
        folder = os.fsencode(self.goal.root) + b"/data/"
        names = (b"a\nb -> c", b"\xffx")
        self.guard(allow=["/data"], deny=[])
        for name in names:
            with open(folder + name, "w", encoding="ascii"):
                pass
        lines = self.lines(count=2)
        self.assertIn(r" allow open,file /data/a\nb -\x3e c guard=", lines[0])
        self.assertIn(r" allow open,file /data/\xffx guard=", lines[1])
        first, second = map(json.loads, self.lines("--json", count=2))
        self.assertEqual(first["path"], "/data/a\nb -> c")
        self.assertEqual((second["path"], bytes.fromhex(second["path_bytes"])),
                         ("/data/\ufffdx", b"/data/\xffx"))


class Filters(Ctl):
    def test_each(self):
        self.guard(name="one", deny=["/data/recipe"], allow=[])
        self.guard(name="two", deny=[], allow=["/data/menu"], pod="cellar",
                   event=["access"])
        self.denied()
        self.assert_allowed(self.goal.run("head -c 1 /data/menu"))
        for guard, words in (("one", ("--guard", "one")), ("two", ("--guard", "two")),
                             ("two", ("--guard", "no", "--guard", "two")),
                             ("one", ("--pod", "kitchen")), ("two", ("--pod", "cellar")),
                             ("one", ("--verdict", "would_deny,deny")),
                             ("two", ("--verdict", "allow")),
                             ("one", ("--event", "exec,open")),
                             ("two", ("--event", "access")),
                             ("one", ("--path", "/**/rec*")),
                             ("two", ("--path", "/data/*", "--verdict", "allow"))):
            with self.subTest(words=words):
                self.assertEqual(self.one(*words)["guard"], guard)


class End(Ctl):
    def test_the_time_is_over(self):
        self.guard()
        self.assertEqual(self.ctl("--timeout", "0.5"), (DONE, "", ""))
        self.assertEqual(self.ctl("--timeout", "0.5", "--count", "1"), (TOO_FEW, "", ""))

    def test_what_is_to_come_is_told_as_it_comes(self):
        self.guard()
        process = subprocess.Popen(
            [program("janusctl"), "--address", self.janusd.address, "events", "--json"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        self.box.adopt(process.pid)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        os.set_blocking(process.stdout.fileno(), False)

        def told():
            self.denied()
            return process.stdout.readline()

        line = sandbox.wait_until(told, 20, "an event to be told")
        self.assertEqual(json.loads(line)["path"], "/data/recipe")
        self.janusd.terminate()
        self.assertEqual(process.wait(20), FAILED)
        self.assertEqual(process.stderr.read(),
                         "janusctl: UNAVAILABLE: janusd is about to end\n")

    def test_nobody_serves(self):
        status, out, err = self.ctl("--timeout", "5", address="unix:/nowhere/at/all")
        self.assertEqual((status, out), (FAILED, ""))
        self.assertIn("janusctl: UNAVAILABLE", err)

    def test_what_janusd_refuses(self):
        status, out, err = self.ctl("--path", "/a[")
        self.assertEqual((status, out), (FAILED, ""))
        self.assertIn("INVALID_ARGUMENT: path_glob: '/a['", err)

    def test_usage(self):
        for words in (("--verdict", "maybe"), ("--event", "openness"), ("--event", "all"),
                      ("--path", "data"), ("--guard", ""), ("--deny", "/x"), ("--cid", "1"),
                      ("--count", "0"), ("more",)):
            with self.subTest(words=words):
                status, out, err = self.ctl(*words)
                self.assertEqual((status, out), (USAGE, ""), err)
                self.assertIn("janusctl: ", err)


if __name__ == "__main__":
    main()
