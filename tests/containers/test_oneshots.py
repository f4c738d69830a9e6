# SPDX-License-Identifier: MIT
"""Containers that live for one command: each is guarded before it, and leaves nothing.

JANUS_TEST_COUNT says how many.
"""

import json
import os
import re
import subprocess

from case import Case, main
import runtime
import sandbox
import tree

COUNT = int(os.environ.get("JANUS_TEST_COUNT", "20"))
WHO = "<{response}> {event} {path} {nspid} {comm} {container}"


def footprint(pid):
    """fds, threads, marks and kilobytes of a process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        lines = dict(line.split(":", 1) for line in status)
    marks = 0
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as info:
                marks += info.read().count("fanotify ino:")
        except FileNotFoundError:
            pass
    return {"fds": len(os.listdir(f"/proc/{pid}/fd")), "threads": int(lines["Threads"]),
            "marks": marks, "kB": int(lines["VmRSS"].split()[0])}


class OneShots(Case):
    def setUp(self):
        super().setUp()
        self.root = tree.on_tmpfs(self.box, "oneshot")
        tree.write(self.root, "/data/recipe", "salt\n")
        path, config = runtime.bundle_config(self.root)
        config["process"].update(terminal=False, args=["/bin/cat", "/data/recipe"])
        config["root"] = {"path": self.root, "readonly": True}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        self.bundle = os.path.dirname(path)

    def run_one(self, number):
        cid = runtime.new_id()
        self.assertEqual(runtime.runc(
            self.box, "create", "--bundle", self.bundle, cid, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode, 0)
        mark = self.janusd.mark()
        self.create(f"pod-{number}", cid=["containerd://" + cid], deny=["/data/recipe"],
                    log_format=WHO)
        self.assertEqual(runtime.runc(self.box, "start", cid).returncode, 0)
        self.janusd.wait_line("^" + re.escape(
            f"<DENY> OPEN_PERM /data/recipe 1 cat {cid}") + "$", since=mark)
        self.janusd.wait_line(re.escape(f"container '{cid}' has ended"), since=mark)
        runtime.runc(self.box, "delete", "--force", cid)
        allowed = [line for line in self.janusd.lines if line.startswith("<ALLOW>")]
        self.assertEqual(allowed, [])

    def rest(self):
        """What is left when there is nothing to do: who has asked is forgotten after a while."""
        sandbox.wait_until(lambda: not self.client.pods(), 20, "the guards to end")
        fds = footprint(self.janusd.worker_pid)["fds"]
        try:
            sandbox.wait_until(lambda: footprint(self.janusd.worker_pid)["fds"] < fds, 3)
        except sandbox.Timeout:
            pass
        return footprint(self.janusd.worker_pid)

    def test_each_is_denied_and_named_and_leaves_nothing(self):
        for number in range(5):
            self.run_one(number)
        before = self.rest()
        for number in range(5, COUNT):
            self.run_one(number)
        after = self.rest()
        print(f"{COUNT} containers: before {before}, after {after}")
        for what in ("fds", "threads", "marks"):
            self.assertLessEqual(after[what], before[what] + (2 if what == "fds" else 0))
        # What the allocator and gRPC keep in hand, and no more, however many there were.
        self.assertLess(after["kB"], before["kB"] + 4096)


if __name__ == "__main__":
    main(runtime.require)
