# SPDX-License-Identifier: MIT
"""A worker that the kernel kills for want of memory: the next one has all guards, and no limit.

Only the worker is in the cgroup with the limit. What is forked later is in the keeper's.
"""

import os

from case import main
from hammered import Hammered
import sandbox
from daemon import READY
from sandbox import wait_until

LIMIT = 4 << 20
ROUNDS = 3
V1 = "/sys/fs/cgroup/memory"
V2 = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")


def read(*names):
    with open(os.path.join(*names), encoding="ascii") as file:
        return file.read()


def write(text, *names):
    with open(os.path.join(*names), "w", encoding="ascii") as file:
        file.write(text)


class Limited:
    """A cgroup of the test's own."""

    def __init__(self, version, parent):
        self._folder = os.path.join(parent, f"janus-test-{os.getpid()}")
        self._version = version
        os.mkdir(self._folder)
        write(str(LIMIT), self._folder,
              "memory.limit_in_bytes" if version == "v1" else "memory.max")
        if version == "v2" and os.path.exists(os.path.join(self._folder, "memory.swap.max")):
            write("0", self._folder, "memory.swap.max")

    def put(self, pid):
        write(str(pid), self._folder, "cgroup.procs")

    def kills(self):
        name = "memory.oom_control" if self._version == "v1" else "memory.events"
        return int(dict(line.split() for line in
                        read(self._folder, name).splitlines())["oom_kill"])

    def members(self):
        return read(self._folder, "cgroup.procs").split()

    def close(self):
        wait_until(lambda: sandbox.remove_cgroup(self._folder), 10, "the cgroup to be empty")


def find():
    """(version, parent) of a controller that can be used here, or a skip."""
    if os.path.exists(os.path.join(V1, "memory.limit_in_bytes")) and os.access(V1, os.W_OK):
        return "v1", V1
    for parent in V2:
        try:
            if "memory" not in read(parent, "cgroup.controllers").split():
                continue
            if "memory" not in read(parent, "cgroup.subtree_control").split():
                write("+memory", parent, "cgroup.subtree_control")
            return "v2", parent
        except OSError:
            pass
    return sandbox.skip("no memory controller is writable")


class Memory(Hammered):
    def overeat(self, number):
        """Guards, each larger than the last, until there is nobody to take them."""
        client = self.connect(self.janusd.address)
        for index in range(1000):
            paths = [f"/data/none-{index}-{path}/" + "x" * 200 for path in range(1000)]
            answer = client.create(client.guard(f"eater-{number}-{index}",
                                                pid=[self.goal.pid],
                                                deny=["/data/recipe", *paths]), timeout=30)
            if answer.name != "OK":
                return index, answer
        self.fail("the worker took everything")

    def test_it_is_killed_and_the_next_one_goes_on(self):
        version, parent = find()
        crowd = self.crowd()
        for number in range(ROUNDS):
            mark = self.janusd.mark()
            group = Limited(version, parent)
            self.addCleanup(group.close)
            worker = self.janusd.worker_pid
            group.put(worker)
            self.assertEqual(group.members(), [str(worker)])
            taken, answer = self.overeat(number)
            self.janusd.wait_line(rf"^janusd: warning: worker {worker} was killed by SIGKILL",
                                  30, since=mark)
            self.assertEqual(group.kills(), 1)
            self.janusd.wait_line(READY, 30, since=mark)
            self.assertEqual(group.members(), [])
            group.close()
            print(f"cgroup {version}, {LIMIT >> 20} MiB: killed at guard {taken + 1}, whose "
                  f"client got {answer.name}", flush=True)
            self.forget_eaters(number, taken)
            crowd.wait_for_more(20)
        denied, _ = self.finish(crowd, f"worker out of memory {ROUNDS} times")
        self.assertGreater(denied["denied"], 0)
        self.assertEqual(self.restarts(), ROUNDS)
        self.whole()

    def forget_eaters(self, number, taken):
        """All that were in force are in force again; who was about to come may be, too."""
        client = self.connect(self.janusd.address)
        pods = client.pods()
        self.assertLessEqual({"kitchen", *(f"eater-{number}-{index}" for index in
                                           range(taken))}, set(pods))
        for pod in pods:
            if pod.startswith("eater"):
                self.assert_ok(client.destroy(client.config(nodeName="node-1", podName=pod)))
        client.close()


if __name__ == "__main__":
    main()
