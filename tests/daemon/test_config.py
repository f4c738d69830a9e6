# SPDX-License-Identifier: MIT
"""The configuration file: what it says goes, the command line goes over it, and a bad one is
told whole and starts nothing."""

import json
import os
import re
import subprocess

from case import Case, main
from daemon import program
import sandbox

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILE = "/etc/janus/janusd.json"


class ConfigCase(Case):
    janusd_flags = None

    def write(self, value, name="janusd.json"):
        path = os.path.join(self.box.folder(self.unique("config")), name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(value if isinstance(value, str) else json.dumps(value))
        return path

    def run_janusd(self, *words):
        return subprocess.run([program("janusd"), *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)

    def check(self, path, *words):
        return self.run_janusd("--check-config", "--config", path, *words)


class Check(ConfigCase):
    def assert_good(self, told):
        self.assertEqual((told.returncode, told.stdout, told.stderr), (0, "OK\n", ""))

    def test_a_good_one(self):
        self.assert_good(self.check(self.write({})))
        self.assert_good(self.run_janusd("--check-config"))

    def test_what_is_installed_as_an_example(self):
        with open(os.path.join(TOP, "deploy", "janusd.json"), encoding="utf-8") as file:
            example = json.load(file)
        example["guards_folder"] = self.box.folder("guards")
        self.assert_good(self.check(self.write(example)))

    def test_the_example_of_the_man_page(self):
        with open(os.path.join(TOP, "docs/man/janusd.conf.5.scd"), encoding="utf-8") as page:
            text = page.read().split("# EXAMPLE\n")[1]
        self.assert_good(self.check(self.write(re.search(r"```\n(.*?)```", text, re.S).group(1))))

    def test_all_that_is_wrong_is_told_with_its_place(self):
        path = self.write('{\n\t"node": 1,\n\t"sinks": [{"format": "xml"}]\n}\n')
        told = self.check(path)
        self.assertEqual((told.returncode, told.stdout), (1, ""))
        self.assertEqual(told.stderr.splitlines(), [
            f"janusd: error: {path}:2:10: node: a number, where a string is wanted",
            f"janusd: error: {path}:3:23: sinks[0].format: 'xml' is none of: text, json, "
            "journal, syslog"])

    def test_what_only_shows_with_the_command_line(self):
        told = self.check(self.write({"listen": ["0.0.0.0:0"]}))
        self.assertEqual((told.returncode, told.stdout), (1, ""))
        self.assertIn("0.0.0.0:0", told.stderr)
        self.assert_good(self.check(self.write({"listen": ["0.0.0.0:0"]}),
                                    "--insecure-any-address"))

    def test_a_file_that_is_named_has_to_be_there(self):
        for path in ("/nowhere/at/all", "/dev/null", self.box.folder("folder")):
            told = self.check(path)
            self.assertEqual((told.returncode, told.stdout), (1, ""))
            self.assertIn(path, told.stderr)

    def test_a_fifo_is_not_waited_for(self):
        path = os.path.join(self.box.folder("fifo"), "f")
        os.mkfifo(path)
        self.assertIn("is no regular file", self.check(path).stderr)

    def test_one_that_is_too_large(self):
        told = self.check(self.write('{"node": "' + "x" * (1 << 20) + '"}'))
        self.assertEqual(told.returncode, 1)
        self.assertIn("has more than 1 MiB", told.stderr)

    def test_hostile_text_stays_on_its_line(self):
        path = self.write('{"a\\u001b[2J\\nb": 1, "on_failure": "x\\n\\u202ey"}', "f\n.json")
        told = self.check(path)
        self.assertEqual(told.returncode, 1)
        self.assertEqual(len(told.stderr.splitlines()), 2)
        self.assertNotRegex(told.stderr, "[\x1b\u202e]")


class Run(ConfigCase):
    def test_the_default_file_is_read_if_it_is_there(self):
        upper, work = self.box.folder("upper"), self.box.folder("work")
        sandbox.mount("janus-etc", "/etc", "overlay",
                      f"lowerdir=/etc,upperdir={upper},workdir={work}")
        self.addCleanup(sandbox.umount, "/etc")
        os.makedirs(os.path.dirname(FILE), exist_ok=True)
        self.assertEqual(self.run_janusd("--check-config").returncode, 0)
        with open(FILE, "w", encoding="utf-8") as file:
            file.write('{"surplus": 1}')
        told = self.run_janusd("--check-config")
        self.assertEqual(told.returncode, 1)
        self.assertIn(f"{FILE}:1:13: surplus: there is no such key", told.stderr)

    def test_what_it_says_goes(self):
        address = "unix:" + self.box.folder("listen") + "/s"
        path = self.write({"listen": [address], "node": "from-file"})
        janusd = self.start_janusd("--config", path, listen=(), node=None)
        self.assertEqual([bound for bound, _ in janusd.bound()], [address])
        client = self.connect(address)
        target = self.target({"/f": "x"})
        self.assert_ok(client.create(client.guard("pod", pid=[target.pid], deny=["/f"],
                                                  node="from-file")))
        self.assert_denied(target.run("cat /f"))

    def test_the_command_line_goes_over_it(self):
        path = self.write({"listen": ["unix:/nowhere/at/all/s"], "node": "from-file"})
        janusd = self.start_janusd("--config", path, node="over")
        self.assertEqual([bound for bound, _ in janusd.bound()], [janusd.address])

    def test_a_bad_one_starts_nothing(self):
        told = self.run_janusd("--config", self.write({"surplus": 1}))
        self.assertEqual(told.returncode, 1)
        self.assertIn("surplus: there is no such key", told.stderr)
        self.assertNotIn("listening", told.stderr)

    def test_help_does_not_need_it(self):
        told = self.run_janusd("--config", "/nowhere/at/all", "--help")
        self.assertEqual((told.returncode, told.stderr), (0, ""))


main()
