# SPDX-License-Identifier: MIT
"""Records as lines: the default, a guard's own logFormat, and what must not break a line."""

import re

from case import Case, main


class Format(Case):
    def setUp(self):
        super().setUp()
        self.goal = self.target({"/data/recipe": "salt\n"})

    def line(self, log_format, begin, path="/data/recipe", **subject):
        subject.setdefault("deny", [path])
        mark = self.janusd.mark()
        self.create("kitchen", pid=[self.goal.pid], log_format=log_format, **subject)
        self.goal.shell.send("read -r x <'" + path + "'")
        self.goal.shell.receive()
        return self.janusd.wait_line(begin, since=mark)[0]

    def test_the_default(self):
        self.assertEqual(
            self.line("", "^<", tags={"foo": "bar", "a": "b"}),
            "<DENY> OPEN_PERM file '/data/recipe' (kitchen:node-1) a=b,foo=bar")

    def test_without_tags(self):
        self.assertEqual(self.line("", "^<").rstrip(),
                         "<DENY> OPEN_PERM file '/data/recipe' (kitchen:node-1)")

    def test_each_specifier_in_any_order(self):
        self.assertEqual(
            self.line("{tags}|{ftype}|{node}|{pod}|{path}|{event}|{response}|{path}", r"\|",
                      tags={"foo": "bar"}),
            "foo=bar|file|node-1|kitchen|/data/recipe|OPEN_PERM|DENY|/data/recipe")

    def test_who_it_was_can_be_told(self):
        line = self.line("{pid}|{nspid}|{comm}|{exe}|{uid}|{gid}|{container}|{runtime}",
                         r"^\d+\|")
        pid = str(self.goal.pid)
        self.assertEqual(line.split("|")[:2], [pid, pid])
        self.assertEqual(line.split("|")[4:], ["0", "0", "-", "-"])

    def test_directories_are_told_apart(self):
        mark = self.janusd.mark()
        self.create("kitchen", pid=[self.goal.pid], allow=["/data"],
                    log_format="[{ftype}] {path}")
        self.goal.run("ls /data")
        self.assertEqual(self.janusd.wait_line(r"^\[", since=mark)[0], "[directory] /data")

    def test_text_without_a_specifier(self):
        self.assertEqual(self.line("somebody knocked", "^some"), "somebody knocked")

    def test_text_stays_as_it_is(self):
        self.assertEqual(self.line("\u00e4 'x' \"y\" 100% \\ %s%n {path}", "^\u00e4"),
                         "\u00e4 'x' \"y\" 100% \\ %s%n /data/recipe")

    def test_line_feeds_of_the_format_stay_in_the_line(self):
        line = self.line("first\nsecond {path}\n", "^first")
        self.assertRegex(line, r"^first\\n?.*second /data/recipe$")

    def test_a_replacement_brings_its_own_format(self):
        self.assertEqual(self.line("one {path}", "^one"), "one /data/recipe")
        self.assertEqual(self.line("two {path}", "^two"), "two /data/recipe")

    def test_names_that_would_break_the_line(self):
        for name, shown in (("new\nline", r"new\nline"), ("tab\tbed", r"tab\tbed"),
                            ("esc\x1b[31m", r"esc\x1b[31m"), ("back\\slash", r"back\\slash"),
                            ("\u00e9t\u00e9", "\u00e9t\u00e9"), ("cr\r", r"cr\r")):
            with self.subTest(name=name):
                path = "/data/" + name
                self.goal.shell.send(f"echo salt >'{path}'")
                self.goal.shell.receive()
                mark = self.janusd.mark()
                line = self.line("", "^<DENY>.*/data/", path=path)
                self.assertEqual(line.rstrip(),
                                 f"<DENY> OPEN_PERM file '/data/{shown}' (kitchen:node-1)")
                for told in self.janusd.snapshot(mark):
                    self.assertRegex(told, r"^(<|janusd: )")

    def test_forged_records_do_not_come_through_names(self):
        forged = "x\n<ALLOW> OPEN_PERM file '/etc/shadow' (kitchen:node-1) "
        name = forged.replace("/", "_").replace("'", "")
        path = "/data/" + name
        self.goal.shell.send(f"echo salt >'{path}'")
        self.goal.shell.receive()
        self.line("", "^<DENY>", path=path)
        self.assertEqual([line for line in self.janusd.records()
                          if line.startswith("<ALLOW>")], [])

    def test_pods_nodes_and_tags_are_escaped_too(self):
        mark = self.janusd.mark()
        self.assert_ok(self.client.create(self.client.config(
            name="guard", nodeName="node-1", podName="kit\nchen", pid=[self.goal.pid],
            subject=[self.client.subject(deny=["/data/recipe"], tags={"k\n": "v\x07"})])))
        self.goal.run("cat /data/recipe")
        line = self.janusd.wait_line("^<DENY>", since=mark)[0]
        self.assertEqual(
            line, r"<DENY> OPEN_PERM file '/data/recipe' (kit\nchen:node-1) k\n=v\x07")

    def test_unknown_specifiers_are_named(self):
        for text, named in (("{when} {path}", "{when}"), ("{ path }", "{ path }"),
                            ("{Path}", "{Path}")):
            with self.subTest(text=text):
                answer = self.client.create(self.client.guard(
                    "kitchen", pid=[self.goal.pid], deny=["/data/recipe"], log_format=text))
                self.assert_code(answer, "INVALID_ARGUMENT", "logFormat", named)
                self.assertTrue(re.search("specifier", answer.details), answer)


if __name__ == "__main__":
    main()
