#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The Markdown texts against the tree: no file untold, no link that leads nowhere."""

import glob
import os
import re
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDERS = ("libjanus", "janusd", "janusctl", "examples")


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


class Text(unittest.TestCase):
    def test_the_architecture_has_a_line_for_each_source_file(self):
        """A header is told with the file that implements it."""
        told = set(re.findall(r"^\| `([\w./-]+)` ", read("docs/architecture.md"), re.MULTILINE))
        there = set()
        for folder in FOLDERS:
            files = {os.path.relpath(path, TOP) for pattern in ("**/*.c", "**/*.h", "**/*.proto")
                     for path in glob.glob(os.path.join(TOP, folder, pattern), recursive=True)}
            self.assertTrue(files, f"nothing in {folder}")
            there |= {name for name in files
                      if not (name.endswith(".h") and name[:-2] + ".c" in files)}
        self.assertEqual(sorted(there - told), [], "files without a line")
        ours = {name for name in told if name.split("/")[0] in FOLDERS}
        self.assertEqual(sorted(ours - there), [], "lines without a file")

    def test_links_between_the_texts_lead_somewhere(self):
        for path in glob.glob(os.path.join(TOP, "docs", "*.md")):
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(path)):
                with self.subTest(text=os.path.basename(path), to=target):
                    self.assertTrue(os.path.exists(
                        os.path.join(os.path.dirname(path), target)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
