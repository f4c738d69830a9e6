# SPDX-License-Identifier: MIT
"""What janusd records where: several sinks at once, each with its own filter, format and limits,
and its files opened again on SIGUSR1."""

import json
import os
import signal

import sandbox
from case import Case, main


class Records(Case):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        self.folder = self.box.folder(self.unique("records"))
        self.janusd = self.client = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def start(self, *sinks):
        with open(self.path("janusd.json"), "w", encoding="utf-8") as file:
            json.dump({"sinks": sinks}, file)
        self.janusd = self.start_janusd("--config", self.path("janusd.json"))
        self.client = self.connect(self.janusd.address)

    def kitchen(self, **subject):
        goal = self.target({"/data/recipe": "salt\n", "/data/menu": "soup\n"})
        self.create("kitchen", pid=[goal.pid], name="recipes", **subject)
        return goal

    def lines(self, name):
        if not os.path.exists(self.path(name)):
            return []
        with open(self.path(name), encoding="utf-8") as file:
            return file.read().splitlines()

    def wait_lines(self, name, count=1):
        def found():
            lines = self.lines(name)
            return len(lines) >= count and lines
        return sandbox.wait_until(found, 20, f"{count} lines in {name}")

    def knock(self, goal, path="/data/recipe"):
        """From the shell itself: always the same process."""
        goal.shell.send("read -r x <" + path)
        goal.shell.receive()

    def test_without_any_text_goes_to_standard_error(self):
        self.start()
        goal = self.kitchen(deny=["/data/recipe"])
        self.knock(goal)
        self.assertEqual(self.janusd.wait_record("<DENY>")[0].rstrip(),
                         "<DENY> OPEN_PERM file '/data/recipe' (kitchen:node-1)")

    def test_one_event_in_each_format(self):
        self.start({"format": "text"}, {"format": "text", "path": self.path("text")},
                   {"format": "json", "path": self.path("json")})
        goal = self.kitchen(deny=["/data/recipe"], tags={"meal": "lunch"})
        self.knock(goal)
        line = "<DENY> OPEN_PERM file '/data/recipe' (kitchen:node-1) meal=lunch"
        self.assertEqual(self.janusd.wait_record("<DENY>")[0], line)
        self.assertEqual(self.wait_lines("text"), [line])
        record = json.loads(self.wait_lines("json")[0])
        self.assertEqual(record["file"], {"path": "/data/recipe", "type": "file"})
        self.assertEqual(record["process"]["pid"], goal.pid)
        self.assertEqual(record["user"], {"id": "0"})
        self.assertEqual(record["host"], {"name": "node-1"})
        self.assertEqual(record["labels"], {"meal": "lunch"})
        self.assertEqual(record["orchestrator"]["resource"]["name"], "kitchen")
        self.assertEqual([record["event"][name] for name in
                          ("kind", "action", "outcome", "type")],
                         ["alert", "OPEN_PERM", "failure", ["access", "denied"]])
        self.assertEqual([record["janus"][name] for name in
                          ("schema", "guard", "verdict", "reason", "count")],
                         [1, "recipes", "DENY", "rule", 1])

    def test_each_sink_takes_what_it_is_for(self):
        self.start({"format": "text", "path": self.path("denied"), "verdicts": ["deny"]},
                   {"format": "text", "path": self.path("allowed"), "verdicts": ["allow"]},
                   {"format": "text", "path": self.path("ours"), "guards": ["rec*", "x"]},
                   {"format": "text", "path": self.path("others"), "guards": ["menu*"]})
        goal = self.kitchen(deny=["/data/recipe"], allow=["/data/menu"])
        self.knock(goal)
        self.knock(goal, "/data/menu")
        ours = self.wait_lines("ours", 2)
        self.assertRegex(self.wait_lines("denied")[0], "^<DENY> OPEN_PERM")
        self.assertRegex(self.wait_lines("allowed")[0], "^<ALLOW> ")
        self.janusd.stop()
        self.assertTrue(all(line.startswith("<DENY>") for line in self.lines("denied")))
        self.assertTrue(all(line.startswith("<ALLOW>") for line in self.lines("allowed")))
        self.assertEqual(sorted(self.lines("denied") + self.lines("allowed")),
                         sorted(self.lines("ours")))
        self.assertGreaterEqual(len(ours), 2)
        self.assertEqual(self.lines("others"), [])

    def test_a_burst_is_one_record(self):
        self.start({"format": "json", "path": self.path("json"), "fold_ms": 1000})
        goal = self.kitchen(deny=["/data/recipe"])
        for _ in range(50):
            self.knock(goal)

        def count():
            return sum(json.loads(line)["janus"]["count"] for line in self.lines("json")) == 50

        sandbox.wait_until(count, 30, "all of them to be told")
        self.assertLess(len(self.lines("json")), 50)

    def test_what_is_kept_at_the_end_is_told(self):
        self.start({"format": "text", "path": self.path("text"), "fold_ms": 3600000})
        goal = self.kitchen(deny=["/data/recipe"])
        for _ in range(5):
            self.knock(goal)
        self.assertEqual(self.janusd.stop(), 0)
        self.assertRegex(self.lines("text")[0],
                         r"^<DENY> OPEN_PERM file '/data/recipe' \(kitchen:node-1\)  "
                         r"\(5 times until \d{4}-\S+Z\)$")
        self.assertEqual(len(self.lines("text")), 1)

    def test_files_are_opened_again_on_sigusr1(self):
        self.start({"format": "text", "path": self.path("text")})
        goal = self.kitchen(deny=["/data/recipe"])
        self.knock(goal)
        self.wait_lines("text")
        os.rename(self.path("text"), self.path("text-1"))
        os.kill(self.janusd.pid, signal.SIGUSR1)
        self.janusd.wait_line("SIGUSR1: files of records are opened again")
        self.knock(goal)
        self.assertEqual(self.wait_lines("text"), self.lines("text-1"))
        self.assertEqual(self.janusd.stop(), 0)

    def test_files_may_lie_in_what_is_guarded(self):
        goal = self.target({"/data/recipe": "salt\n", "/data/log/.keep": ""})
        log = os.path.join(f"/proc/{goal.pid}/root", "data/log/text")
        self.start({"format": "text", "path": log, "rotate_bytes": 4096, "rotate_keep": 2})
        self.create("kitchen", pid=[goal.pid], deny=["/data/recipe", "/data/log"])
        for _ in range(200):
            self.knock(goal)
        sandbox.wait_until(lambda: os.path.exists(log + ".2"), 20, "two rotations")
        self.assert_denied(goal.run("cat /data/recipe"))

    def test_a_fifo_that_nobody_reads_delays_nobody(self):
        os.mkfifo(self.path("fifo"))
        self.start({"format": "text", "path": self.path("fifo"), "queue_bytes": 4096},
                   {"format": "text"})
        goal = self.kitchen(deny=["/data/recipe"])
        for _ in range(200):
            self.knock(goal)
        self.janusd.wait_record("<DENY>", count=200)
        self.assertEqual(self.janusd.stop(), 0)

    def test_records_are_told_after_the_death_of_a_worker(self):
        self.start({"format": "text", "path": self.path("text")})
        goal = self.kitchen(deny=["/data/recipe"])
        self.knock(goal)
        self.wait_lines("text")
        mark = self.janusd.mark()
        self.janusd.kill_worker()
        self.janusd.wait_line("^janusd: ready$", since=mark)
        self.knock(goal)
        self.wait_lines("text", 2)


if __name__ == "__main__":
    main()
