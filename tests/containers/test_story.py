# SPDX-License-Identifier: MIT
"""The main job: what a guard does to one container, and what is recorded of it."""

import re

from case import Case, main
import runtime


class Story(Case):
    def test_deny_refuses_and_allow_lets_through_and_both_are_recorded(self):
        box = self.container()
        box.write("/data/menu", "soup\n")
        box.write("/data/recipe", "salt\n")
        answer = self.create("kitchen", cid=[box.id], allow=["/data/menu"],
                             deny=["/data/recipe"], tags={"meal": "lunch", "day": "monday"})
        self.assertEqual(answer.message.nodeName, "node-1")
        self.assertEqual(answer.message.podName, "kitchen")
        self.assertEqual(list(answer.message.pid), [box.pid])
        self.assertNotIn("janus-skipped", answer.trailing)
        for run in (box.run, box.exec_shell):
            mark = self.janusd.mark()
            self.assert_allowed(run("cat /data/menu"), "soup")
            self.assert_denied(run("cat /data/recipe"))
            tail = " (kitchen:node-1) day=monday,meal=lunch"
            self.janusd.wait_line(
                re.escape("<ALLOW> OPEN_PERM file '/data/menu'" + tail) + "$", since=mark)
            self.janusd.wait_line(
                re.escape("<DENY> OPEN_PERM file '/data/recipe'" + tail) + "$", since=mark)

    def test_every_way_to_open_is_refused(self):
        box = self.container()
        box.write("/data/recipe", "salt\n")
        self.create("kitchen", cid=[box.id], deny=["/data/recipe"])
        box.run("ln -s /data/recipe /tmp/link; ln /data/recipe /tmp/hard")
        for command in ("cat /data/recipe", "cat /tmp/link", "cat /tmp/hard",
                        "cat /proc/self/root/data/recipe", "cd /data && cat ./../data/recipe",
                        "echo more >> /data/recipe", "cp /data/recipe /tmp/copy"):
            with self.subTest(command=command):
                self.assert_denied(box.run(command))
        self.assertEqual(box.run("mv /data/recipe /data/moved").status, 0)
        self.assert_denied(box.run("cat /data/moved"))
        self.janusd.wait_record("<DENY> OPEN_PERM file '/data/moved'")

    def test_the_rest_of_the_container_stays_free_and_unrecorded(self):
        box = self.container()
        box.write("/data/recipe", "salt\n")
        box.write("/data/other", "sugar\n")
        self.create("kitchen", cid=[box.id], deny=["/data/recipe"])
        self.assert_allowed(box.run("cat /data/other"), "sugar")
        self.assert_denied(box.run("cat /data/recipe"))
        self.janusd.wait_record("<DENY> OPEN_PERM file '/data/recipe'")
        self.assertEqual([line for line in self.janusd.records() if "/data/other" in line], [])

    def test_access_lets_open_and_refuses_to_read(self):
        box = self.container()
        box.write("/data/recipe", "salt\n")
        self.create("kitchen", cid=[box.id], deny=["/data/recipe"], event=["access"])
        self.assert_allowed(box.run("true < /data/recipe"))
        self.assert_denied(box.run("cat /data/recipe"))
        self.janusd.wait_record("<DENY> ACCESS_PERM file '/data/recipe' (kitchen:node-1)")

    def test_exec_refuses_to_run_and_lets_read(self):
        box = self.container()
        self.assertEqual(box.run("cp /bin/busybox /data/uname").status, 0)
        self.assert_allowed(box.run("/data/uname"), "Linux")
        self.create("kitchen", cid=[box.id], deny=["/data/uname"], event=["exec"])
        refused = box.run("/data/uname")
        self.assertEqual(refused.status, 126, refused)
        self.assertNotEqual(box.exec("/data/uname").status, 0)
        self.assert_allowed(box.run("cat /data/uname >/tmp/copy"))
        self.assert_allowed(box.run("uname"), "Linux")
        self.janusd.wait_record("<DENY> OPEN_EXEC_PERM file '/data/uname' (kitchen:node-1)",
                                count=2)

    def test_a_directory_covers_its_children_also_new_ones(self):
        box = self.container()
        box.write("/data/shelf/old", "salt\n")
        self.create("kitchen", cid=[box.id], deny=["/data/shelf"])
        self.assert_denied(box.run("cat /data/shelf/old"))
        self.assert_denied(box.run("ls /data/shelf"))
        box.run("echo pepper >/tmp/new; mv /tmp/new /data/shelf/new")
        self.assert_denied(box.run("cat /data/shelf/new"))
        self.janusd.wait_record("<DENY> OPEN_PERM file '/data/shelf/old'")
        self.janusd.wait_record("<DENY> OPEN_PERM file '/data/shelf/new'")
        self.janusd.wait_record("<DENY> OPEN_PERM directory '/data/shelf'")
        self.assertEqual(box.run("mv /data/shelf/new /data/out").status, 0)
        self.assert_allowed(box.run("cat /data/out"), "pepper")

    def test_a_files_own_path_beats_its_directorys(self):
        box = self.container()
        box.write("/data/shelf/menu", "soup\n")
        box.write("/data/shelf/recipe", "salt\n")
        self.create("kitchen", cid=[box.id], allow=["/data/shelf/menu"], deny=["/data/shelf"])
        self.assert_allowed(box.run("cat /data/shelf/menu"), "soup")
        self.assert_denied(box.run("cat /data/shelf/recipe"))

    def test_only_dir_skips_files_and_says_so(self):
        box = self.container()
        box.write("/data/shelf/recipe", "salt\n")
        box.write("/data/menu", "soup\n")
        answer = self.create("kitchen", cid=[box.id], onlyDir=True,
                             deny=["/data/shelf", "/data/menu"])
        self.assertEqual(answer.trailing["janus-skipped"], "1")
        self.assertIn("/data/menu", answer.trailing["janus-skipped-first"])
        self.assert_denied(box.run("cat /data/shelf/recipe"))
        self.assert_allowed(box.run("cat /data/menu"), "soup")

    def test_a_path_that_leads_to_a_device_is_skipped_and_said(self):
        box = self.container()
        box.write("/data/recipe", "salt\n")
        box.run("ln -s /dev/stdout /data/log")
        answer = self.create("kitchen", cid=[box.id], deny=["/data/log", "/data/recipe"])
        self.assertEqual(answer.trailing["janus-skipped"], "1")
        self.assertIn("/data/log", answer.trailing["janus-skipped-first"])
        self.janusd.wait_line("^janusd: .*/data/log")
        self.assert_denied(box.run("cat /data/recipe"))
        self.assert_allowed(box.run("echo served >/data/log"), "served")

    def test_destroy_lets_everything_through_again(self):
        box = self.container()
        box.write("/data/recipe", "salt\n")
        self.create("kitchen", cid=[box.id], deny=["/data/recipe"])
        self.assert_denied(box.run("cat /data/recipe"))
        self.assert_ok(self.client.destroy(
            self.client.config(nodeName="node-1", podName="kitchen")))
        self.assertEqual(self.client.pods(), [])
        self.assert_allowed(box.run("cat /data/recipe"), "salt")


if __name__ == "__main__":
    main(runtime.require)
