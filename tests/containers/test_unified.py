# SPDX-License-Identifier: MIT
"""A node that has cgroup v2 and nothing else."""

import json
import os
import subprocess

from case import Case, main
import runtime
import sandbox


def only_v2():
    """The second version where people have it; only this test sees it so."""
    with open("/proc/self/mountinfo", encoding="ascii") as info:
        points = [line.split()[4] for line in info if " - cgroup" in line or
                  line.split()[4] == "/sys/fs/cgroup"]
    for point in reversed(points):
        sandbox.umount(point)
    sandbox.mount("cgroup2", "/sys/fs/cgroup", "cgroup2")


class Unified(Case):
    def setUp(self):
        if not os.path.exists("/sys/fs/cgroup/cgroup.procs"):
            only_v2()
        super().setUp()

    def check(self, cgroup=None):
        cid = runtime.new_id()
        box = self.container(cid=cid, cgroup=cgroup.format(cid) if cgroup else None)
        box.write("/data/recipe", "salt\n")
        with open(f"/proc/{box.pid}/cgroup", encoding="ascii") as lines:
            self.assertIn(cid, [line for line in lines if line.startswith("0::")][0])
        self.create("kitchen", cid=["docker://" + box.id], deny=["/data/recipe"],
                    log_format="<{response}> {path} {container} {cgroup}")
        self.assert_denied(box.run("cat /data/recipe"))
        self.janusd.wait_line(f"^<DENY> /data/recipe {cid} /.*{cid}")
        self.assert_denied(box.exec_shell("cat /data/recipe"))
        done = subprocess.run([os.environ["JANUSCTL"], "containers", "--json"],
                              capture_output=True, text=True, timeout=30, check=True)
        self.assertIn((cid, box.pid),
                      [(one["id"], one["pid"]) for one in json.loads(done.stdout)])

    def test_a_container_of_the_cgroupfs_driver(self):
        self.check()

    def test_a_container_of_the_systemd_driver(self):
        self.check("/kubepods.slice/kubepods-besteffort.slice/cri-containerd-{}.scope")


if __name__ == "__main__":
    main(runtime.require)
