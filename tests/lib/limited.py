# SPDX-License-Identifier: MIT
"""A cgroup with a memory limit, for one process of janusd's. Who is forked by the keeper later is
in the keeper's."""

import os

import sandbox
from sandbox import wait_until

V1 = "/sys/fs/cgroup/memory"
V2 = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")


def read(*names):
    with open(os.path.join(*names), encoding="ascii") as file:
        return file.read()


def write(text, *names):
    with open(os.path.join(*names), "w", encoding="ascii") as file:
        file.write(text)


class Limited:
    def __init__(self, limit):
        self.version, parent = find()
        self._folder = os.path.join(parent, f"janus-test-{os.getpid()}")
        os.mkdir(self._folder)
        write(str(limit), self._folder,
              "memory.limit_in_bytes" if self.version == "v1" else "memory.max")
        if self.version == "v2" and os.path.exists(
                os.path.join(self._folder, "memory.swap.max")):
            write("0", self._folder, "memory.swap.max")

    def put(self, pid):
        write(str(pid), self._folder, "cgroup.procs")

    def kills(self):
        name = "memory.oom_control" if self.version == "v1" else "memory.events"
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
