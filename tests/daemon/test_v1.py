# SPDX-License-Identifier: MIT
"""janus.v1.GuardService: every RPC but the streams, what it answers and how it refuses."""

import os
import signal

from case import Case, main
from sandbox import wait_until

SERVICE = "/janus.v1.GuardService/"
READY = r"^janusd: ready$"


class V1(Case):
    def message(self, name, **fields):
        return self.client.protos["janus.v1." + name](**fields)

    def call(self, method, **fields):
        return self.client.call(SERVICE + method, self.message(method + "Request", **fields),
                                self.client.protos["janus.v1." + method + "Response"])

    def guard(self, targets, name="guard", subject=None, **fields):
        if subject is not None:
            fields["subjects"] = [subject]
        return {"name": name, "targets": targets, **fields}

    def subject(self, **fields):
        fields.setdefault("events", ["EVENT_KIND_OPEN"])
        return fields

    def apply(self, guard, **fields):
        """Apply what has to be taken."""
        answer = self.call("ApplyGuard", guard=guard, **fields)
        self.assert_ok(answer)
        return answer.message

    def status(self, name="guard", **key):
        answer = self.call("GetGuard", key={"name": name, **key})
        self.assert_ok(answer)
        return answer.message.status

    def state_name(self, status):
        return status.DESCRIPTOR.fields_by_name["state"].enum_type.values_by_number[
            status.state].name

    def assert_state(self, status, state):
        self.assertEqual(self.state_name(status), "GUARD_STATE_" + state, status)

    def refused(self, code, words, guard, **fields):
        answer = self.call("ApplyGuard", guard=guard, **fields)
        self.assert_code(answer, code, words)
        return answer


class Apply(V1):
    def setUp(self):
        super().setUp()
        self.goal = self.target({"/data/menu": "soup\n", "/data/deep/er/recipe": "salt\n"})
        self.at = [{"pid": self.goal.pid}]

    def test_denies_and_tells_what_became_of_it(self):
        response = self.apply(self.guard(self.at, subject=self.subject(deny=["/data/menu"])))
        self.assertTrue(response.changed)
        status = response.status
        self.assert_state(status, "EFFECTIVE")
        self.assertEqual(status.source, "janus.v1")
        self.assertEqual(len(status.targets), 1)
        self.assertEqual(status.targets[0].pid, self.goal.pid)
        self.assertEqual((status.targets[0].paths, status.targets[0].marked), (1, 1))
        self.assert_denied(self.goal.run("cat /data/menu"))
        wait_until(lambda: self.status().counters.denied == 1, 10, "the denial to count")

    def test_a_tree_and_what_it_leaves_out(self):
        self.apply(self.guard(self.at, subject=self.subject(
            deny=["/data"], recursive=True, ignore=["er"])))
        self.assert_denied(self.goal.run("cat /data/menu"))
        self.assert_allowed(self.goal.run("cat /data/deep/er/recipe"), "salt")
        self.assertGreater(self.status().targets[0].tree_ignored, 0)

    def test_dry_run_denies_nothing_and_says_what_it_would(self):
        self.apply(self.guard(self.at, subject=self.subject(
            deny=["/data/menu"], mode="MODE_DRY_RUN")))
        self.assert_allowed(self.goal.run("cat /data/menu"), "soup")
        wait_until(lambda: self.status().counters.would_deny == 1, 10, "what would be denied")
        self.assertEqual(self.status().counters.denied, 0)

    def test_audit_observes(self):
        self.apply(self.guard(self.at, subject=self.subject(
            observe=["/data"], mode="MODE_AUDIT", events=["EVENT_KIND_CREATE"])))
        self.goal.run("echo > /data/new")
        wait_until(lambda: self.status().counters.observed == 1, 10, "what was observed")
        self.janusd.wait_line("CREATE .*/data/new")

    def test_exceptions_may(self):
        deny = self.subject(deny=["/data/menu"], exceptions=[{"exe": "/bin/nobody"}])
        self.apply(self.guard(self.at, subject=deny))
        self.assert_denied(self.goal.run("cat /data/menu"))
        deny["exceptions"] = [{"uid": 0}]
        self.apply(self.guard(self.at, subject=deny))
        self.assert_allowed(self.goal.run("cat /data/menu"), "soup")

    def test_a_path_that_is_not_there_makes_it_partial(self):
        status = self.apply(self.guard(self.at, subject=self.subject(
            deny=["/data/menu", "/data/missing"]))).status
        self.assert_state(status, "PARTIAL")
        self.assertEqual((status.targets[0].marked, status.targets[0].skipped), (1, 1))
        self.assertIn("/data/missing", status.targets[0].message)
        self.assert_denied(self.goal.run("cat /data/menu"))

    def test_a_path_can_be_waited_for(self):
        status = self.apply(self.guard(self.at, subject=self.subject(
            deny=["/data/later"], wait_for_paths=True))).status
        self.assert_state(status, "WAITING")
        self.goal.run("echo > /data/later")
        wait_until(lambda: self.goal.run("cat /data/later").status, 10, "it to be denied")

    def test_the_same_again_changes_nothing(self):
        guard = self.guard(self.at, subject=self.subject(
            deny=["/data/menu"], tags={"a": "1", "b": "2"}))
        first = self.apply(guard)
        guard["node"] = "node-1"
        guard["subjects"][0]["mode"] = "MODE_ENFORCE"
        again = self.apply(guard)
        self.assertFalse(again.changed)
        self.assertEqual(again.status.generation, first.status.generation)
        guard["subjects"][0]["tags"] = {"a": "2"}
        other = self.apply(guard)
        self.assertTrue(other.changed)
        self.assertGreater(other.status.generation, first.status.generation)

    def test_a_partial_one_is_tried_again(self):
        guard = self.guard(self.at, subject=self.subject(deny=["/data/menu", "/data/later"]))
        first = self.apply(guard)
        self.assert_state(first.status, "PARTIAL")
        self.assertFalse(self.apply(guard).changed)
        self.goal.run("echo > /data/later")
        again = self.apply(guard)
        self.assertTrue(again.changed)
        self.assert_state(again.status, "EFFECTIVE")
        self.assert_denied(self.goal.run("cat /data/later"))

    def test_only_the_expected_generation_is_replaced(self):
        guard = self.guard(self.at, subject=self.subject(deny=["/data/menu"]))
        self.refused("ABORTED", "there is no such guard", guard, expected_generation=1)
        generation = self.apply(guard).status.generation
        guard["subjects"][0]["deny"] = ["/data/deep"]
        self.refused("ABORTED", f"the guard's is {generation}", guard,
                     expected_generation=generation + 1)
        self.assert_denied(self.goal.run("cat /data/menu"))
        self.apply(guard, expected_generation=generation)
        self.assert_allowed(self.goal.run("cat /data/menu"), "soup")

    def test_validating_does_nothing(self):
        guard = self.guard(self.at, subject=self.subject(deny=["/data/menu"]))
        response = self.apply(guard, validate_only=True)
        self.assertTrue(response.changed)
        self.assertFalse(response.HasField("status"))
        self.assert_allowed(self.goal.run("cat /data/menu"), "soup")
        self.assert_code(self.call("GetGuard", key={"name": "guard"}), "NOT_FOUND")
        guard["subjects"][0]["deny"] = ["menu"]
        self.refused("INVALID_ARGUMENT", "subjects[0].deny[0]: 'menu' is no absolute path",
                     guard, validate_only=True)

    def test_a_target_that_is_not_there_leaves_the_others_alone(self):
        status = self.apply(self.guard([{"container": "abcdef123456"}, *self.at],
                                       subject=self.subject(deny=["/data/menu"]))).status
        self.assert_state(status, "PARTIAL")
        self.assert_state(status.targets[0], "FAILED")
        self.assertIn("targets[0].container: 'abcdef123456'", status.targets[0].message)
        self.assert_state(status.targets[1], "EFFECTIVE")
        self.assert_denied(self.goal.run("cat /data/menu"))

    def test_a_container_that_does_not_come_has_failed(self):
        status = self.apply(self.guard([{"container": "abcdef123456"}], wait_ms=200,
                                       subject=self.subject(deny=["/data/menu"]))).status
        self.assert_state(status, "WAITING")
        wait_until(lambda: self.state_name(self.status()) == "GUARD_STATE_FAILED", 15,
                   "the wait to end")
        self.assertIn("abcdef123456", self.status().targets[0].message)

    def test_by_program(self):
        exe = os.path.realpath(f"/proc/{self.goal.pid}/exe")
        status = self.apply(self.guard([{"exe": f"/proc/{self.goal.pid}/exe"}],
                                       subject=self.subject(deny=["/data/menu"]))).status
        self.assertIn(self.goal.pid, [target.pid for target in status.targets], exe)
        self.assert_denied(self.goal.run("cat /data/menu"))

    def test_the_old_service_and_the_new_one_have_the_same_guards(self):
        self.create("kitchen", pid=[self.goal.pid], deny=["/data/menu"])
        answer = self.call("GetGuard", key={"name": "guard", "pod": "kitchen"})
        self.assertEqual(answer.message.status.source, "janus")
        self.assertEqual(answer.message.guard.targets[0].pid, self.goal.pid)
        self.apply(self.guard(self.at, name="new", pod="cellar",
                              subject=self.subject(deny=["/data/deep"])))
        self.assertEqual(self.client.pods(), ["cellar", "kitchen"])

    def test_each_word_that_is_wrong_is_named(self):
        right = self.subject(deny=["/data/menu"])
        for guard, words in (
                ({}, "name: is empty"),
                (self.guard([], subject=right), "targets: is empty"),
                (self.guard([{}], subject=right), "targets[0].kind: none of"),
                (self.guard([{"pid": -1}], subject=right), "targets[0].pid: -1"),
                (self.guard(self.at), "subjects: is empty"),
                (self.guard(self.at, subject={"deny": ["/a"]}), "subjects[0].events: is empty"),
                (self.guard(self.at, subject=self.subject()), "subjects[0].allow: neither"),
                (self.guard(self.at, subject=right, log_format="{x}"), "log_format: "),
                (self.guard(self.at, subject=self.subject(deny=["/a"], max_depth=1)),
                 "subjects[0].max_depth: only trees"),
                (self.guard(self.at, subject=self.subject(deny=["/[a"], glob=True)), "/[a")):
            self.refused("INVALID_ARGUMENT", words, guard)
        answer = self.client.call(SERVICE + "ApplyGuard", self.message("ApplyGuardRequest"))
        self.assert_code(answer, "INVALID_ARGUMENT", "guard: is not given")
        self.refused("NOT_FOUND", "targets[0].pid", self.guard(
            [{"pid": 2 ** 22 + 1}], subject=right))
        self.refused("FAILED_PRECONDITION", "/data/missing", self.guard(
            self.at, subject=self.subject(deny=["/data/missing"])))

    def test_limits_are_told_as_such(self):
        right = self.subject(deny=["/data/menu"])
        for guard, words in (
                (self.guard(self.at * 257, subject=right), "targets: more than 256"),
                (self.guard(self.at, subjects=[right] * 257), "subjects: more than 256"),
                (self.guard(self.at, subject=self.subject(deny=["/a"] * 4097)),
                 "more than 4096 paths"),
                (self.guard(self.at, subject=self.subject(deny=["/" + "a" * 4096])),
                 "has 4096 or more bytes"),
                (self.guard(self.at, subject=self.subject(
                    deny=["/a"], tags={str(i): "" for i in range(65)})),
                 "subjects[0].tags: more than 64")):
            self.refused("RESOURCE_EXHAUSTED", words, guard)

    def test_it_comes_back_with_a_new_worker(self):
        before = self.apply(self.guard(self.at, subject=self.subject(
            deny=["/data"], recursive=True, tags={"k": "v"}), labels={"of": "me"})).status
        gone = self.guard(self.at, name="gone", subject=self.subject(deny=["/data/menu"]))
        self.apply(gone)
        self.assertTrue(self.call("DeleteGuard", key={"name": "gone"}).message.deleted)
        last = self.call("GetStatus").message.generation
        asked = self.call("GetGuard", key={"name": "guard"}).message.guard
        mark = self.janusd.mark()
        self.janusd.kill_worker(signal.SIGKILL)
        self.janusd.wait_line(READY, 15, since=mark)
        self.client = self.connect(self.janusd.address)
        after = self.call("GetGuard", key={"name": "guard"}).message
        self.assertEqual(after.status.generation, before.generation)
        self.assertEqual(after.guard, asked)
        self.assert_state(after.status, "EFFECTIVE")
        self.assert_denied(self.goal.run("cat /data/menu"))
        status = self.call("GetStatus").message
        self.assertEqual(status.generation, last)
        self.assertEqual(status.keeper.restarts, 1)
        self.assertGreater(self.apply(gone).status.generation, last)


class Containers(V1):
    def test_one_that_is_there_by_its_short_id(self):
        box = self.container()
        box.write("/data/menu", "soup\n")
        status = self.apply(self.guard([{"container": "containerd://" + box.id[:12]}],
                                       subject=self.subject(deny=["/data/menu"]))).status
        self.assertEqual(status.targets[0].container_id, box.id)
        found = self.call("LookupContainer", container=box.id[:12]).message
        self.assertEqual((found.id, found.init_pid), (box.id, status.targets[0].pid))
        self.assertIn(found.init_pid, found.pids)
        os.kill(box.pid, signal.SIGKILL)
        wait_until(lambda: not self.call("ListGuards").message.guards, 15,
                   "the guard to end with it")
        self.assert_code(self.call("LookupContainer", container=box.id), "NOT_FOUND", box.id)


class Others(V1):
    def setUp(self):
        super().setUp()
        self.goal = self.target({"/data/menu": "soup\n"})

    def make(self, name, **fields):
        return self.apply(self.guard([{"pid": self.goal.pid}], name=name, **fields,
                                     subject=self.subject(deny=["/data/menu"])))

    def test_delete(self):
        self.make("one", pod="p")
        self.assert_code(self.call("DeleteGuard", key={"name": "one"}), "NOT_FOUND",
                         "there is no guard 'one' (:node-1)")
        self.assert_code(self.call("DeleteGuard"), "INVALID_ARGUMENT", "key.name: is empty")
        self.assertTrue(self.call("DeleteGuard", key={"name": "one", "pod": "p"})
                        .message.deleted)
        self.assert_allowed(self.goal.run("cat /data/menu"), "soup")
        answer = self.call("DeleteGuard", key={"name": "one", "pod": "p"}, allow_missing=True)
        self.assertFalse(answer.message.deleted)

    def test_get(self):
        self.make("one")
        answer = self.call("GetGuard", key={"name": "one", "node": "node-1"})
        self.assertEqual(list(answer.message.guard.subjects[0].deny), ["/data/menu"])
        self.assert_code(self.call("GetGuard", key={"name": "two"}), "NOT_FOUND", "'two'")
        self.assert_code(self.call("GetGuard"), "INVALID_ARGUMENT", "key.name")

    def test_list_page_by_page(self):
        names = [f"g{i}" for i in range(5)]
        for i, name in enumerate(names):
            self.make(name, pod="even" if i % 2 == 0 else "odd")
        seen, token, pages = [], "", 0
        while True:
            page = self.call("ListGuards", page_size=2, page_token=token).message
            seen += [one.key.name for one in page.guards]
            pages += 1
            token = page.next_page_token
            if not token:
                break
        self.assertEqual((seen, pages), (names, 3))
        even = self.call("ListGuards", pod="even", status_only=True).message.guards
        self.assertEqual([one.key.name for one in even], ["g0", "g2", "g4"])
        self.assertFalse(even[0].HasField("guard"))
        self.assert_state(even[0].status, "EFFECTIVE")
        self.assert_code(self.call("ListGuards", page_token="x"), "INVALID_ARGUMENT",
                         "page_token: 'x' is none of ours")
        self.assert_code(self.call("ListGuards", page_size=1001), "INVALID_ARGUMENT",
                         "page_size: 1001 is more than 1000")

    def test_status(self):
        before = self.call("GetStatus").message
        self.assertEqual(before.node, "node-1")
        self.assertEqual(before.keeper.pid, self.janusd.pid)
        self.assertEqual((before.guards, before.generation), (0, 0))
        self.assertIn("permission", before.features)
        self.assertEqual(before.limits.guards, 10000)
        self.assertTrue(before.healthy, before)
        self.make("one")
        after = self.call("GetStatus").message
        self.assertEqual((after.guards, after.generation), (1, 1))
        self.assertEqual(after.stats["watches"], 1)
        self.assertEqual(after.instance, before.instance)
        self.apply(self.guard([{"pid": self.goal.pid}], name="two",
                              subject=self.subject(deny=["/data/menu", "/no"])))
        partial = self.call("GetStatus").message
        self.assertFalse(partial.healthy)
        self.assertIn("guard 'two' (pod '') is only partly in force", partial.problems)

    def test_lookup_refuses(self):
        self.assert_code(self.call("LookupContainer"), "INVALID_ARGUMENT", "is empty")
        self.assert_code(self.call("LookupContainer", container="no id"), "INVALID_ARGUMENT",
                         "'no id': is no container id")
        self.assert_code(self.call("LookupContainer", container="abcdef123456"), "NOT_FOUND",
                         "no container on this node has this id")

    def test_bytes_that_are_no_request(self):
        for method in ("ApplyGuard", "DeleteGuard", "GetGuard", "ListGuards", "GetStatus",
                       "LookupContainer"):
            self.assert_code(self.client.call(SERVICE + method, b"\xff\xff"),
                             "INVALID_ARGUMENT", "no protobuf message")
        bad = self.client.call(SERVICE + "GetGuard", b"\x0a\x03\x0a\x01\xff")
        self.assert_code(bad, "INVALID_ARGUMENT", "key.name: the text is not UTF-8")


if __name__ == "__main__":
    main()
