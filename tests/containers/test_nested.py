# SPDX-License-Identifier: MIT
"""janusd in a container of its own, as a DaemonSet runs it: it sees the node's processes
(hostPID), and the node's cgroups somewhere else than where they usually are."""

import json
import os
import subprocess

from case import Case, main
import daemon
import runtime
import sandbox


class InContainer:
    """The face of a Janusd, as far as a case needs it."""

    def __init__(self, box, name):
        self.box, self.id = box, runtime.new_id()
        self.folder = box.folder(name)
        root = box.folder(name, "rootfs")
        layers = {kind: box.folder(name, kind) for kind in ("upper", "work")}
        sandbox.mount("janus-node", root, "overlay",
                      f"lowerdir=/,upperdir={layers['upper']},workdir={layers['work']}")
        self.socket = os.path.join(self.folder, "s")
        self.address = "unix:" + self.socket
        path, config = runtime.bundle_config(root)
        process = config["process"]
        process.update(terminal=False, user={"uid": 0, "gid": 0}, noNewPrivileges=False,
                       args=[daemon.program("janusd"), "--listen", self.address, "--node",
                             "node-1"])
        process.pop("rlimits", None)
        with open("/proc/sys/kernel/cap_last_cap", encoding="ascii") as last:
            number = int(last.read())
        self._all_capabilities(process, number)
        config["root"] = {"path": root, "readonly": False}
        config["linux"]["namespaces"] = [{"type": kind} for kind in ("mount", "ipc", "uts")]
        config["linux"]["maskedPaths"] = []
        config["mounts"] = [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
             "options": ["nosuid", "strictatime", "mode=755"]},
            {"destination": "/sys", "type": "tmpfs", "source": "tmpfs"},
            {"destination": "/host/cgroup", "type": "bind", "source": "/sys/fs/cgroup",
             "options": ["rbind", "ro"]},
            {"destination": self.folder, "type": "bind", "source": self.folder,
             "options": ["bind", "rw"]},
        ]
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        done = runtime.runc(box, "run", "--detach", "--bundle", self.folder, self.id,
                            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        if done.returncode:
            raise AssertionError(self.said())
        sandbox.wait_until(lambda: "janusd: ready" in self.said(), 20, "janusd")

    @staticmethod
    def _all_capabilities(process, last):
        text = subprocess.run(["capsh", "--print"], capture_output=True, text=True,
                              check=False).stdout
        known = [name.upper() for name in
                 text.split("Bounding set =", 1)[-1].split("\n", 1)[0].split(",")]
        names = [name for name in known if name.startswith("CAP_")] or [
            "CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH", "CAP_DAC_OVERRIDE",
            "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_FOWNER", "CAP_SYS_RESOURCE"]
        process["capabilities"] = {kind: names for kind in
                                   ("bounding", "effective", "permitted")}

    def said(self):
        with open(self.log.name, encoding="utf-8", errors="replace") as log:
            return log.read()

    def stop(self):
        sandbox.delete_container(self.box.runc_root, self.id)
        self.log.close()


class Nested(Case):
    janusd_flags = None

    def test_it_guards_the_containers_beside_it(self):
        janusd = InContainer(self.box, "janusd-nested")
        self.daemons.append(janusd)
        self.addCleanup(janusd.stop)
        self.client = self.connect(janusd.address)
        box = self.container()
        box.write("/data/recipe", "salt\n")
        self.create("kitchen", cid=["containerd://" + box.id], deny=["/data/recipe"],
                    log_format="<{response}> {path} {comm} {container}")
        self.assert_denied(box.run("cat /data/recipe"))
        self.assert_denied(box.exec_shell("cat /data/recipe"))
        sandbox.wait_until(
            lambda: f"<DENY> /data/recipe cat {box.id}" in janusd.said(), 10, "a record")
        runtime.runc(self.box, "kill", box.id, "KILL")
        sandbox.wait_until(lambda: not self.client.pods(), 20, "the guard to end")


if __name__ == "__main__":
    main(runtime.require)
