#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The man pages against what they speak of: headers, symbol map, programs."""

import glob
import os
import re
import subprocess
import tempfile
import unittest

from installed import Installed, run

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SECTIONS = ["NAME", "SYNOPSIS", "DESCRIPTION", "RETURN VALUE", "ERRORS", "OWNERSHIP",
            "THREADS", "EXAMPLE", "SEE ALSO", "SINCE"]
DECLARATION = re.compile(r"(/\*\*(?:(?!\*/).)*\*/\n)?JANUS_API\s[^;(]*?\b(janus_\w+)\(",
                         re.DOTALL)


def read(*names):
    with open(os.path.join(TOP, *names), encoding="utf-8") as file:
        return file.read()


def public_symbols():
    """{symbol: doc block} of every header."""
    found = {}
    for path in glob.glob(os.path.join(TOP, "include", "janus", "*.h*")):
        text = read(path)
        for match in DECLARATION.finditer(text):
            found[match.group(2)] = match.group(1) or ""
    return found


class Page:
    def __init__(self, path):
        self.path, self.text = path, read(path)
        self.name, self.section = os.path.basename(path)[:-len(".scd")].rsplit(".", 1)
        parts = re.split(r"^# (.*)\n", self.text, flags=re.MULTILINE)
        self.titles, self.bodies = parts[1::2], dict(zip(parts[1::2], parts[2::2]))
        self.names = self.bodies["NAME"].strip().split(" - ")[0].split(", ")

    def code(self, title):
        """The last literal block of a section, with scdoc's escapes taken back."""
        blocks = re.findall(r"^```\n(.*?)^```\n", self.bodies[title], re.DOTALL | re.MULTILINE)
        return re.sub(r"\\(.)", r"\1", blocks[-1]) if blocks else ""

    def errors(self):
        return set(re.findall(r"^\*-(E\w+)\*$", self.bodies["ERRORS"], re.MULTILINE))


PAGES = [Page(path) for path in sorted(glob.glob(os.path.join(TOP, "docs/man/*.scd")))]
CALLS = [page for page in PAGES if page.section == "3"]
SYMBOLS = public_symbols()


class Sources(unittest.TestCase):
    def test_every_symbol_of_the_headers_has_a_page_and_no_page_has_a_stranger(self):
        named = [name for page in CALLS for name in page.names]
        self.assertGreater(len(SYMBOLS), 40)
        self.assertEqual(sorted(named), sorted(SYMBOLS))

    def test_every_symbol_of_the_map_is_in_the_headers(self):
        exported = re.findall(r"\b(janus_\w+);", read("libjanus", "libjanus.map"))
        self.assertEqual(sorted(exported), sorted(SYMBOLS))

    def test_a_page_of_section_3_has_every_section_in_order(self):
        for page in CALLS:
            with self.subTest(page=page.name):
                self.assertEqual(page.titles, SECTIONS)

    def test_a_page_lists_the_errors_of_the_headers_and_no_others(self):
        for page in CALLS:
            with self.subTest(page=page.name):
                blocks = "".join(SYMBOLS[name] for name in page.names)
                told = set(re.findall(r"^ \*   -(E\w+) ", blocks, re.MULTILINE))
                self.assertEqual(page.errors(), told)

    def test_since_is_that_of_the_headers(self):
        for page in CALLS:
            for name in page.names:
                with self.subTest(symbol=name):
                    since = re.search(r"Since: (\S+)", SYMBOLS[name]).group(1)
                    self.assertEqual(page.bodies["SINCE"].strip(), since)

    def test_a_struct_stands_in_a_page_as_in_the_headers(self):
        headers = "".join(read(path) for path in
                          glob.glob(os.path.join(TOP, "include", "janus", "*.h")))
        shown = [block for page in CALLS
                 for block in re.findall(r"^```\n(struct .*?)^```\n",
                                         page.bodies["DESCRIPTION"], re.DOTALL | re.MULTILINE)]
        self.assertTrue(shown)
        for block in shown:
            with self.subTest(struct=block.split(" {")[0]):
                self.assertIn("\n" + block, headers)

    def test_the_counters_are_those_of_the_headers(self):
        page = next(page for page in CALLS if page.name == "janus_get_stats")
        fields = re.search(r"struct janus_stats \{\n(.*?)\}", read("include/janus/context.h"),
                           re.DOTALL).group(1)
        self.assertEqual(re.findall(r"^_(\w+)_$", page.bodies["DESCRIPTION"], re.MULTILINE),
                         re.findall(r"uint64_t (\w+);", fields))

    def test_see_also_leads_to_the_sources_that_the_headers_name(self):
        for page in CALLS:
            told = "".join(re.findall(r"Source: (.*)", "".join(
                SYMBOLS[name] for name in page.names)))
            for name, section in re.findall(r"(\w+)\((\d)\)", told):
                with self.subTest(page=page.name, source=name):
                    self.assertIn(f"*{name}*({section})", page.bodies["SEE ALSO"])

    def test_see_also_leads_to_pages_that_exist(self):
        known = {f"{name}({page.section})" for page in PAGES for name in page.names}
        for page in PAGES:
            for name, section in re.findall(r"\*(janus\w*)\*\((\d)\)", page.text):
                with self.subTest(page=page.name, to=name):
                    self.assertTrue(f"{name}({section})" in known, "no such page")


class Compiled(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.installed = Installed()
        cls.work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.work.cleanup)

    def check(self, page, code):
        path = os.path.join(self.work.name, page.name + ".c")
        with open(path, "w", encoding="utf-8") as file:
            file.write(code)
        self.installed.compile(path, "-fsyntax-only")

    def test_a_synopsis_agrees_with_the_installed_headers(self):
        for page in CALLS:
            with self.subTest(page=page.name):
                code = page.code("SYNOPSIS")
                for name in page.names:
                    self.assertRegex(code, rf"\b{name}\(")
                self.check(page, code)

    def test_an_example_is_a_complete_program_that_compiles(self):
        for page in CALLS + [page for page in PAGES if page.section == "7"]:
            with self.subTest(page=page.name):
                code = page.code("EXAMPLE")
                self.assertIn("int main(", code)
                self.check(page, code)

    def test_an_example_uses_what_its_page_is_about(self):
        for page in CALLS:
            for name in page.names:
                with self.subTest(symbol=name):
                    self.assertIn(name + "(", page.code("EXAMPLE"))

    def test_pages_are_installed_under_each_name(self):
        if os.environ["JANUS_MAN_PAGES"] != "1":
            self.assertNotEqual(os.environ.get("CI"), "true", "scdoc is missing in CI")
            self.skipTest("configured without scdoc")
        for page in PAGES:
            for name in page.names:
                with self.subTest(page=name):
                    path = self.installed.find(f"man{page.section}/{name}.{page.section}")
                    with open(path, encoding="utf-8") as file:
                        text = file.read()
                    if name == page.name:
                        self.assertIn(".TH ", text)
                    else:
                        self.assertEqual(text, f".so man{page.section}/"
                                               f"{page.name}.{page.section}\n")


class Programs(unittest.TestCase):
    """--help and the page name the same flags."""

    @classmethod
    def setUpClass(cls):
        cls.installed = Installed()

    def flags(self, program, *words):
        path = os.path.join(self.installed.prefix, "bin", program)
        if not os.path.exists(path):
            self.skipTest(f"configured without {program}")
        return set(re.findall(r"(?<![\w-])(--?[a-z][a-z-]+)", run(
            path, *words, "--help", env=self.installed.environment())))

    def documented(self, name):
        page = next(page for page in PAGES if page.name == name)
        return set(re.findall(r"\*(--?[a-z][a-z-]+)", page.text))

    def check(self, program):
        told = {flag.lstrip("-") for flag in self.flags(program)}
        documented = {flag.lstrip("-") for flag in self.documented(program)}
        self.assertTrue(told)
        self.assertEqual(documented, told)

    def test_janusd(self):
        self.check("janusd")

    def test_janusctl(self):
        self.check("janusctl")


if __name__ == "__main__":
    unittest.main(verbosity=2)
