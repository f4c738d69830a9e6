# SPDX-License-Identifier: MIT
"""Guards of containers over the death of a worker."""

import errno
import os
import signal

from case import Case, main
from daemon import READY
import openers
import runtime
import sandbox
from sandbox import wait_until


class Containers(Case):
    janusd_flags = ("--on-failure", "deny")

    def box_with(self, path):
        box = self.container()
        box.write(path, "salt\n")
        return box

    def restart(self, meanwhile=lambda: None):
        self.janusd.pause(self.janusd.pid)
        mark = self.janusd.mark()
        worker = self.janusd.kill_worker()
        wait_until(lambda: sandbox.state(worker) == "Z", 10, "the worker to die")
        meanwhile()
        self.janusd.resume(self.janusd.pid)
        self.janusd.wait_line(READY, 15, since=mark)
        self.client = self.connect(self.janusd.address)
        return mark

    def end(self, box):
        os.kill(box.pid, signal.SIGKILL)
        wait_until(lambda: sandbox.state(box.pid) in (None, "Z"), 10, "the container to end")

    def test_they_are_guarded_again(self):
        box = self.box_with("/data/recipe")
        self.create("kitchen", cid=["containerd://" + box.id[:12]], deny=["/data/recipe"])
        before = self.client.state()
        for _ in range(3):
            self.restart()
            self.assertEqual(self.client.state(), before)
            self.assert_denied(box.run("cat /data/recipe"))
        self.end(box)
        wait_until(lambda: not self.client.pods(), 20, "the guard to end")
        self.restart()
        self.assertEqual(self.client.pods(), [])

    def test_whoever_opens_while_there_is_no_worker_is_denied(self):
        box = self.box_with("/data/recipe")
        self.create("kitchen", cid=[box.id], deny=["/data/recipe"])
        waiting = []
        self.restart(lambda: waiting.extend(
            openers.Attempt(self.box, box.host_path("/data/recipe")) for _ in range(8)))
        self.assertEqual({one.wait().errno for one in waiting}, {errno.EPERM})

    def test_one_that_has_ended_meanwhile(self):
        stays, goes = self.box_with("/data/recipe"), self.box_with("/data/recipe")
        self.create("gone", cid=[goes.id], deny=["/data/recipe"])
        self.create("half", cid=[goes.id, stays.id], deny=["/data/recipe"])
        mark = self.restart(lambda: self.end(goes))
        self.assertEqual([(handle.podName, list(handle.pid)) for handle in
                          self.client.state()], [("half", [stays.pid])])
        for pod in ("gone", "half"):
            self.janusd.wait_line(rf"\({pod}:node-1\): container '{goes.id}' has ended$",
                                  since=mark)
        self.janusd.wait_line("1 guards are in force again, 1 have ended, 0 are lost",
                              since=mark)
        self.assert_denied(stays.run("cat /data/recipe"))
        self.assert_ok(self.client.destroy(self.client.config(
            nodeName="node-1", podName="gone")))


if __name__ == "__main__":
    main(runtime.require)
