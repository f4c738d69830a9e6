# SPDX-License-Identifier: MIT
"""--pid and --cid: paths as somebody else sees them."""

import runtime
from case import main
from watch_case import WatchCase


class Targets(WatchCase):
    def test_a_process_in_a_root_of_its_own(self):
        goal = self.target({"/data/menu": "soup\n"})
        watcher = self.json("--pid", str(goal.pid), "/data")
        goal.run("echo salt >/data/recipe; mv /data/menu /data/card")
        watcher.wait_event("create", "/data/recipe", pid=goal.pid)
        watcher.wait_event("rename", "/data/card", old_path="/data/menu")
        self.assertEqual(watcher.stop(), 0)

    def test_a_tree_of_a_process(self):
        goal = self.target()
        watcher = self.json("-r", "--ignore", "/data/skip", "--pid", str(goal.pid), "/data")
        goal.run("mkdir -p /data/skip /data/a/b")
        watcher.wait_event("create", "/data/a/b", ftype="directory")
        goal.run(": >/data/skip/file; : >/data/a/b/file")
        watcher.wait_event("create", "/data/a/b/file")
        self.assertNotIn("/data/skip/file", [event["path"] for event in watcher.events()])

    def test_a_container(self):
        container = self.container()
        for cid in (container.id, container.id[:12], "docker://" + container.id):
            with self.subTest(cid=cid):
                name = self.unique("file")
                watcher = self.json("-r", "--events", "create", "--cid", cid, "/data")
                container.run(f": >/data/{name}")
                watcher.wait_event("create", f"/data/{name}", pid=container.pid)
                self.assertEqual(watcher.stop(), 0)

    def test_others_files_of_the_same_name_are_not_told(self):
        goal, other = self.target(), self.target()
        watcher = self.json("--pid", str(goal.pid), "--events", "create", "/data")
        other.run(": >/data/others")
        goal.run(": >/data/own")
        watcher.wait_event("create", "/data/own")
        self.assertEqual(self.told(watcher), [("create", "/data/own")])


if __name__ == "__main__":
    main(runtime.require, grpc=False)
