# SPDX-License-Identifier: MIT
"""Guards of files: in force from the start, changed by a reload as a whole or not at all."""

import os
import signal

from case import Case, main
from daemon import children
from manifest_files import REFUSED, RELOADED, Files


class Reload(Files, Case):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        self.goal = self.target({f"/data/{name}": name + "\n" for name in "abc"})
        self.prepare()

    def denied(self):
        return "".join(name for name in "abc"
                       if self.goal.run(f"cat /data/{name}").status != 0)

    def test_in_force_before_anybody_is_served(self):
        self.manifest("one", self.goal.pid, "/data/a")
        self.start()
        self.assertEqual(self.denied(), "a")

    def test_what_is_wrong_at_the_start_starts_nothing(self):
        self.manifest("one", self.goal.pid, "/data/a")
        self.break_one()
        janusd = self.start_janusd("--config", self.config, wait=False)
        janusd.wait_line(r"zz\.yaml:2:1: is no YAML: ")
        self.assertEqual(janusd.process.wait(20), 1)
        self.assertEqual(self.denied(), "")

    def test_guards_come_change_and_go(self):
        self.manifest("one", self.goal.pid, "/data/a")
        self.start()
        self.manifest("one", self.goal.pid, "/data/b")
        self.manifest("two", self.goal.pid, "/data/c")
        self.assertRegex(self.hup(), "2 guards of files, 2 changed, 0 removed")
        self.assertEqual(self.denied(), "bc")
        os.unlink(os.path.join(self.folder, "one.json"))
        self.assertRegex(self.hup(), "1 guards of files, 0 changed, 1 removed")
        self.assertEqual(self.denied(), "c")

    def test_over_rpc(self):
        self.start()
        self.manifest("one", self.goal.pid, "/data/a")
        answer = self.assert_ok(self.reload())
        self.assertEqual((answer.message.guards, answer.message.needs_restart), (1, []))
        self.assertGreater(answer.message.generation, 0)
        self.assertEqual(self.denied(), "a")
        self.break_one()
        self.assert_code(self.reload(), "FAILED_PRECONDITION", "zz.yaml:2:1: is no YAML")
        self.assertEqual(self.denied(), "a")

    def test_what_is_wrong_changes_nothing(self):
        self.manifest("one", self.goal.pid, "/data/a")
        self.start()
        self.manifest("one", self.goal.pid, "/data/b")
        self.break_one()
        self.hup(REFUSED)
        self.assertEqual(self.denied(), "a")
        self.mend()
        self.hup()
        self.assertEqual(self.denied(), "b")

    def test_one_that_cannot_be_in_force_takes_all_back(self):
        self.manifest("one", self.goal.pid, "/data/a")
        self.start()
        self.manifest("one", self.goal.pid, "/data/b")
        self.manifest("two", self.goal.pid, "/data/c")
        self.manifest("zz", 0x7ffffff0, "/x")
        self.hup(REFUSED)
        self.assertEqual(self.denied(), "a")
        os.unlink(os.path.join(self.folder, "zz.json"))
        self.hup()
        self.assertEqual(self.denied(), "bc")

    def test_a_guard_that_is_asked_for_elsewhere_stays_there(self):
        self.start()
        self.create("", pid=[self.goal.pid], deny=["/data/a"], name="one")
        self.manifest("one", self.goal.pid, "/data/b")
        self.hup(REFUSED)
        self.assertTrue(self.janusd.wait_line("there is a guard of this name from 'janus'"))
        self.assertEqual(self.denied(), "a")

    def test_a_guard_of_a_file_is_changed_there_only(self):
        self.manifest("one", self.goal.pid, "/data/a")
        self.start()
        guard = self.client.guard("", pid=[self.goal.pid], deny=["/data/b"], name="one")
        self.assert_code(self.client.create(guard), "FAILED_PRECONDITION", "one.json")
        self.assert_code(self.client.destroy(self.client.config(nodeName="node-1", name="one")),
                         "FAILED_PRECONDITION", "one.json")
        protos = self.client.protos
        path = os.path.join(self.folder, "one.json")
        for method, request in (
                ("DeleteGuard", {"key": {"name": "one"}}),
                ("ApplyGuard", {"guard": {
                    "name": "one", "targets": [{"pid": self.goal.pid}],
                    "subjects": [{"deny": ["/data/b"], "events": ["EVENT_KIND_OPEN"]}]}})):
            request = protos[f"janus.v1.{method}Request"](**request)
            answer = self.client.call(f"/janus.v1.GuardService/{method}", request)
            self.assert_code(answer, "FAILED_PRECONDITION", "one.json")
        told = self.client.call("/janus.v1.GuardService/GetGuard",
                                protos["janus.v1.GetGuardRequest"](key={"name": "one"}),
                                protos["janus.v1.GetGuardResponse"])
        self.assertEqual(told.message.status.source, path)
        self.assertEqual(self.denied(), "a")

    def test_settings_that_need_a_restart_are_named(self):
        self.start()
        self.configure(deadline_ms=250, strict=True)
        self.hup()
        self.janusd.wait_line("'deadline_ms' has changed, which needs a restart")
        self.janusd.wait_line("'strict' has changed, which needs a restart")
        answer = self.assert_ok(self.reload())
        self.assertEqual(sorted(answer.message.needs_restart), ["deadline_ms", "strict"])

    def test_a_folder_of_another_name_takes_its_place(self):
        self.manifest("one", self.goal.pid, "/data/a")
        self.start()
        self.folder = self.box.folder(self.unique("guards"))
        self.manifest("two", self.goal.pid, "/data/b")
        self.configure(guards_folder=self.folder)
        self.hup()
        self.assertEqual(self.denied(), "b")

    def test_a_worker_that_was_killed(self):
        self.manifest("one", self.goal.pid, "/data/a")
        self.start()
        self.break_one()
        since = self.janusd.mark()
        worker, = children(self.janusd.pid)
        os.kill(worker, signal.SIGKILL)
        self.janusd.wait_line(r"^janusd: ready$", timeout=30, since=since)
        self.assertEqual(self.denied(), "a")


class Watched(Files, Case):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        self.goal = self.target({"/data/a": "a\n"})
        self.prepare(watch_files=True)
        self.start()

    def test_a_change_is_seen(self):
        since = self.janusd.mark()
        self.manifest("one", self.goal.pid, "/data/a")
        self.janusd.wait_line("1 guards of files, 1 changed", timeout=30, since=since)
        self.assert_denied(self.goal.run("cat /data/a"))
        since = self.janusd.mark()
        self.configure(strict=True)
        self.janusd.wait_line("'strict' has changed", timeout=30, since=since)

    def test_a_mistake_is_seen_and_its_end(self):
        since = self.janusd.mark()
        self.break_one()
        self.janusd.wait_line(REFUSED, timeout=30, since=since)
        since = self.janusd.mark()
        self.mend()
        self.janusd.wait_line(RELOADED, timeout=30, since=since)


main()
