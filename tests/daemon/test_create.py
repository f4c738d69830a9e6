# SPDX-License-Identifier: MIT
"""CreateGuard: what it makes, what it replaces, and how each refusal reads."""

import os
import shutil
import subprocess

from case import Case, main
from sandbox import wait_until


class Create(Case):
    def setUp(self):
        super().setUp()
        self.goal = self.target({"/data/menu": "soup\n", "/data/recipe": "salt\n"})

    def test_the_handle_names_node_pod_and_pids(self):
        handle = self.create("kitchen", pid=[self.goal.pid], deny=["/data/recipe"]).message
        self.assertEqual((handle.nodeName, handle.podName), ("node-1", "kitchen"))
        self.assertEqual(list(handle.pid), [self.goal.pid])
        self.assertEqual(list(handle.processEventfd), [])
        self.assert_denied(self.goal.run("cat /data/recipe"))

    def test_several_pids(self):
        other = self.target({"/data/recipe": "sugar\n"})
        handle = self.create("kitchen", pid=[self.goal.pid, other.pid],
                             deny=["/data/recipe"]).message
        self.assertEqual(sorted(handle.pid), sorted([self.goal.pid, other.pid]))
        self.assert_denied(self.goal.run("cat /data/recipe"))
        self.assert_denied(other.run("cat /data/recipe"))

    def test_each_subject_has_its_own_rules_and_tags(self):
        subject = self.client.subject
        self.assert_ok(self.client.create(self.client.config(
            name="guard", nodeName="node-1", podName="kitchen", pid=[self.goal.pid],
            subject=[subject(allow=["/data/menu"], tags={"of": "first"}),
                     subject(deny=["/data/recipe"], tags={"of": "second"})])))
        self.assert_allowed(self.goal.run("cat /data/menu"), "soup")
        self.assert_denied(self.goal.run("cat /data/recipe"))
        self.janusd.wait_line("^<ALLOW> .*/data/menu.* of=first$")
        self.janusd.wait_line("^<DENY> .*/data/recipe.* of=second$")

    def test_the_same_name_and_pod_replace(self):
        self.create("kitchen", pid=[self.goal.pid], deny=["/data/recipe"])
        self.assert_denied(self.goal.run("cat /data/recipe"))
        self.create("kitchen", pid=[self.goal.pid], deny=["/data/menu"])
        self.assertEqual(self.client.pods(), ["kitchen"])
        self.assert_allowed(self.goal.run("cat /data/recipe"), "salt")
        self.assert_denied(self.goal.run("cat /data/menu"))

    def test_another_name_of_the_same_pod_is_another_guard(self):
        self.create("kitchen", pid=[self.goal.pid], deny=["/data/recipe"], name="one")
        self.create("kitchen", pid=[self.goal.pid], deny=["/data/menu"], name="two")
        self.assertEqual(self.client.pods(), ["kitchen", "kitchen"])
        self.assert_denied(self.goal.run("cat /data/recipe"))
        self.assert_denied(self.goal.run("cat /data/menu"))

    def test_a_replacement_may_bring_another_target(self):
        other = self.target({"/data/recipe": "sugar\n"})
        self.create("kitchen", pid=[self.goal.pid], deny=["/data/recipe"])
        handle = self.create("kitchen", pid=[other.pid], deny=["/data/recipe"]).message
        self.assertEqual(list(handle.pid), [other.pid])
        self.assert_allowed(self.goal.run("cat /data/recipe"), "salt")
        self.assert_denied(other.run("cat /data/recipe"))

    def test_partial_coverage_is_success_and_told(self):
        answer = self.create("kitchen", pid=[self.goal.pid],
                             deny=["/data/recipe", "/data/missing", "/data/\u00e9\n"])
        self.assertEqual(answer.trailing["janus-skipped"], "2")
        first = answer.trailing["janus-skipped-first"]
        self.assertIn("/data/missing", first)
        self.assertTrue(first.isascii() and first.isprintable(), first)
        self.janusd.wait_line(r"^janusd: warning: .*kitchen:node-1.* 2 of 3 .*/data/missing")
        self.assert_denied(self.goal.run("cat /data/recipe"))

    def test_audit_is_taken_or_clearly_refused(self):
        answer = self.client.create(self.client.guard(
            "kitchen", pid=[self.goal.pid], deny=["/data/recipe"], audit=True))
        if answer.name == "OK":
            self.assert_denied(self.goal.run("cat /data/recipe"))
        else:
            self.assert_code(answer, "FAILED_PRECONDITION", "audit")
            self.assert_allowed(self.goal.run("cat /data/recipe"), "salt")


class Refused(Case):
    def setUp(self):
        super().setUp()
        self.goal = self.target({"/data/recipe": "salt\n"})

    def refused(self, code, *words, **fields):
        fields.setdefault("pid", [self.goal.pid])
        fields.setdefault("pod", "kitchen")
        if "allow" not in fields:
            fields.setdefault("deny", ["/data/recipe"])
        answer = self.client.create(self.client.guard(**fields))
        self.assert_code(answer, code, *words)
        self.assertEqual(self.client.pods(), [])
        self.assert_allowed(self.goal.run("cat /data/recipe"), "salt")

    def test_no_name(self):
        self.refused("INVALID_ARGUMENT", "name", name="")

    def test_names_too_long(self):
        long = "x" * 300
        self.refused("INVALID_ARGUMENT", "name", "xxx", name=long)
        self.refused("INVALID_ARGUMENT", "podName", "xxx", pod=long)
        self.refused("INVALID_ARGUMENT", "nodeName", "xxx", node=long)

    def test_a_container_without_a_pod(self):
        self.refused("INVALID_ARGUMENT", "podName", pod="", cid=["a" * 64])

    def test_another_nodes_guard(self):
        self.refused("FAILED_PRECONDITION", "nodeName", "'node-2'", "'node-1'", node="node-2")

    def test_no_target(self):
        self.refused("INVALID_ARGUMENT", "cid", pid=[])

    def test_cids_that_are_none(self):
        for bad in ("", "docker://", "../../etc", "x" * 300, "mailto://" + "a" * 64):
            with self.subTest(bad=bad):
                self.refused("INVALID_ARGUMENT", "cid[0]", bad[:64], cid=[bad])

    def test_a_container_that_is_not_there(self):
        self.refused("NOT_FOUND", "cid[0]", "f" * 64, cid=["f" * 64])

    def test_pids_that_are_none(self):
        for bad in (0, -1, -(1 << 31)):
            with self.subTest(bad=bad):
                self.refused("INVALID_ARGUMENT", "pid[0]", str(bad), pid=[bad])

    def test_a_process_that_is_not_there(self):
        other = self.target()
        other.close()
        wait_until(lambda: not os.path.exists(f"/proc/{other.pid}"), 10, "the process to go")
        self.refused("NOT_FOUND", "pid", str(other.pid), pid=[other.pid])

    def test_no_subject(self):
        answer = self.client.create(self.client.config(
            name="guard", nodeName="node-1", podName="kitchen", pid=[self.goal.pid]))
        self.assert_code(answer, "INVALID_ARGUMENT", "subject")

    def test_a_subject_without_paths(self):
        self.refused("INVALID_ARGUMENT", "subject[0]", "allow", "deny", deny=[])

    def test_a_subject_without_events(self):
        self.refused("INVALID_ARGUMENT", "subject[0].event", event=[])

    def test_an_event_that_is_none(self):
        self.refused("INVALID_ARGUMENT", "subject[0].event[1]", "'modify'",
                     event=["open", "modify"])

    def test_paths_that_are_not_absolute(self):
        for bad in ("", "data/recipe", "./data"):
            with self.subTest(bad=bad):
                self.refused("INVALID_ARGUMENT", "subject[0].deny[1]", f"'{bad}'",
                             deny=["/data/recipe", bad])
                self.refused("INVALID_ARGUMENT", "subject[0].allow[0]", f"'{bad}'",
                             allow=[bad])

    def test_a_path_too_long(self):
        self.refused("INVALID_ARGUMENT", "subject[0].deny[0]", "'/ddd",
                     deny=["/" + "d" * 4096])

    def test_no_path_exists(self):
        self.refused("FAILED_PRECONDITION", "/data/missing", deny=["/data/missing"])

    def test_the_only_path_is_a_link_to_no_file(self):
        self.goal.run("ln -s /data/loop /data/loop")
        self.refused("FAILED_PRECONDITION", "/data/loop", deny=["/data/loop"])

    def test_only_dir_and_no_directory(self):
        self.refused("FAILED_PRECONDITION", "/data/recipe", onlyDir=True)

    def test_tags_without_a_key_or_too_long(self):
        self.refused("INVALID_ARGUMENT", "subject[0].tags", tags={"": "value"})
        self.refused("INVALID_ARGUMENT", "subject[0].tags", tags={"key": "v" * 10000})

    def test_log_formats(self):
        for bad, named in (("{nope}", "{nope}"), ("{response} {Path}", "{Path}"),
                           ("{path", "{path"), ("path}", "}"), ("{}", "{}"),
                           ("x" * 5000, "1024 bytes")):
            with self.subTest(bad=bad[:20]):
                self.refused("INVALID_ARGUMENT", "logFormat", named, log_format=bad)


class Lifelines(Case):
    """Programs of the node that nothing is ever denied to."""

    CAT = os.path.realpath(shutil.which("cat"))
    janusd_flags = ("--lifeline", "/no/such/program", "--lifeline", CAT)

    def test_a_lifeline_is_known_by_its_file(self):
        target = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[target.pid], deny=["/data/recipe"])
        path = target.root + "/data/recipe"
        spared = subprocess.run([self.CAT, path], capture_output=True, text=True,
                                timeout=20, check=False)
        self.assertEqual((spared.returncode, spared.stdout), (0, "salt\n"))
        self.janusd.wait_line(r"^<ALLOW> OPEN_PERM file '.*/data/recipe'")
        # The same name does not help: inside the target that is another file.
        self.assert_denied(target.run("cat /data/recipe"))
        other = subprocess.run(["head", path], capture_output=True, text=True,
                               timeout=20, check=False)
        self.assertIn("Operation not permitted", other.stderr)


class OwnName(Case):
    """Without --node the daemon takes whatever name its controller has for it."""

    def test_the_name_of_the_request_comes_back(self):
        janusd = self.start_janusd(node=None)
        client = self.connect(janusd.address)
        target = self.target({"/data/recipe": "salt\n"})
        request = client.guard("kitchen", pid=[target.pid], deny=["/data/recipe"],
                               node="worker-7")
        answer = self.assert_ok(client.create(request))
        self.assertEqual(answer.message.nodeName, "worker-7")
        target.run("cat /data/recipe")
        janusd.wait_record("<DENY> OPEN_PERM file '/data/recipe' (kitchen:worker-7)")


if __name__ == "__main__":
    main()
