# SPDX-License-Identifier: MIT
"""Guard manifests: what the documents show is good, and a folder is checked as a whole."""

import json
import os
import re
import shutil
import subprocess

from case import Case, main
from daemon import program

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GOOD = {"apiVersion": "januscontroller.clustergarage.io/v1alpha1", "kind": "JanusGuard",
        "metadata": {"name": "g"},
        "spec": {"targets": [{"host": True}],
                 "subjects": [{"deny": ["/x"], "events": ["open"]}]}}


class Manifests(Case):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        self.folder = self.box.folder(self.unique("guards"))
        self.config = self.write("../config.json", json.dumps({"guards_folder": self.folder}))

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        return path

    def check(self):
        return subprocess.run([program("janusd"), "--check-config", "--config", self.config],
                              capture_output=True, text=True, timeout=60, check=False)

    def assert_good(self):
        told = self.check()
        self.assertEqual((told.returncode, told.stdout, told.stderr), (0, "OK\n", ""))

    def refused(self):
        """The lines, without what stands before them."""
        told = self.check()
        self.assertEqual((told.returncode, told.stdout), (1, ""), told)
        return [line.removeprefix("janusd: error: ").removeprefix(self.folder + "/")
                for line in told.stderr.splitlines()]

    def test_an_empty_folder(self):
        self.assert_good()

    def test_what_is_shown_in_the_documents(self):
        with open(os.path.join(TOP, "docs", "manifests.md"), encoding="utf-8") as file:
            shown = re.findall(r"^```(yaml|json)\n(.*?)^```", file.read(), re.S | re.M)
        self.assertEqual(sorted({kind for kind, _ in shown}), ["json", "yaml"])
        for number, (kind, text) in enumerate(shown):
            self.write(f"{number}.{kind}", text)
        shutil.copy(os.path.join(TOP, "deploy", "guard.yaml"), self.folder)
        self.assert_good()

    def test_what_is_no_manifest_is_left_out(self):
        for name in (".hidden.yaml", "README", "x.yaml.bak", ".json"):
            self.write(name, "nonsense: [")
        self.assert_good()

    def test_all_files_are_told_of(self):
        self.write("a.json", json.dumps(GOOD)[:-1])
        self.write("b.yaml", "kind: Pod\n")
        self.write("c.yml", json.dumps(GOOD))
        lines = self.refused()
        self.assertEqual(len(lines), 2)
        self.assertRegex(lines[0], r"^a\.json:1:\d+: is no JSON: ")
        self.assertEqual(lines[1], "b.yaml:1:7: kind: 'Pod' is not 'JanusGuard'")

    def test_a_guard_stands_there_once(self):
        self.write("a.json", json.dumps(GOOD))
        self.write("b.yaml", "# another one\n---\n" + json.dumps(GOOD))
        line, = self.refused()
        self.assertEqual(line, f"b.yaml:3:1: guard 'g' stands in {self.folder}/a.json:1 already")
        other = dict(GOOD, spec=dict(GOOD["spec"], pod="p"))
        self.write("b.yaml", json.dumps(other))
        self.assert_good()

    def test_no_file_is_waited_for(self):
        os.mkfifo(os.path.join(self.folder, "f.json"))
        os.mkdir(os.path.join(self.folder, "d.yaml"))
        os.symlink("nowhere", os.path.join(self.folder, "s.yml"))
        self.assertEqual(self.refused(), ["d.yaml: is no regular file",
                                          "f.json: is no regular file",
                                          "s.yml: No such file or directory"])

    def test_hostile_yaml(self):
        levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        levels += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
        for text in ("\n".join(levels), "[" * 100000, "{" * 100000, "- " * 100000,
                     "? " * 50000, "a: !!python/object 1", b"\xff\xfea\x00:\x00", b"a: \x00",
                     "x: " + "y" * (1 << 20), "'" * 100001, "&a " * 100000):
            with self.subTest(text=text[:20]):
                self.write("f.yaml", text)
                self.assertRegex(self.refused()[0], r"^f\.yaml: |^f\.yaml:\d+:\d+: ")

    def test_a_folder_that_is_not_there(self):
        os.rmdir(self.folder)
        self.assertIn("No such file or directory", self.refused()[0])


main()
