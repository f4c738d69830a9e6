# SPDX-License-Identifier: MIT
"""Containers made by runc.

Owns: the bundle, the container, and the shell that is its init process. Its state folder is
the sandbox's, so containers of other users of runc on the machine are never touched.
"""

import json
import os
import shutil
import subprocess
import uuid

import sandbox
import tree
from shell import Result, Shell


def require():
    if not shutil.which("runc"):
        sandbox.skip("needs runc")
    if not os.path.isdir("/sys/fs/cgroup"):
        sandbox.skip("needs the cgroup tree at /sys/fs/cgroup")


def new_id():
    return uuid.uuid4().hex + uuid.uuid4().hex


def runc(box, *words, timeout=30.0, **options):
    return subprocess.run(["runc", "--root", box.runc_root, *words], text=True,
                          errors="replace", timeout=timeout, check=False, **options)


def bundle_config(root):
    text = subprocess.run(["runc", "spec", "--bundle", os.path.dirname(root)],
                          capture_output=True, text=True, check=False)
    if text.returncode:
        raise AssertionError(f"runc spec: {text.stderr}")
    path = os.path.join(os.path.dirname(root), "config.json")
    with open(path, encoding="utf-8") as file:
        return path, json.load(file)


def shell_config(root):
    """(path, what to write there): a shell is the init process of a container in this root."""
    path, config = bundle_config(root)
    config["process"]["terminal"] = False
    config["process"]["args"] = ["/bin/sh"]
    config["root"] = {"path": root, "readonly": False}
    config["hostname"] = "janus-test"
    return path, config


def write_config(path, config):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file)


class Container:
    """A shell at /bin/sh is pid 1; run() is done by it, exec() by a new process."""

    def __init__(self, box, root, cid=None, caps=(), cgroup=None):
        self.box, self.root, self.id = box, root, cid or new_id()
        path, config = shell_config(root)
        for names in config["process"]["capabilities"].values():
            names.extend(caps)
        if cgroup:
            config["linux"]["cgroupsPath"] = cgroup
        write_config(path, config)
        self._start(os.path.dirname(path))

    def _start(self, bundle):
        in_read, in_write = os.pipe()
        out_read, out_write = os.pipe()
        pid_file, log = os.path.join(bundle, "pid"), os.path.join(bundle, "runc.log")
        done = runc(self.box, "--log", log, "run", "--detach", "--bundle", bundle,
                    "--pid-file", pid_file, self.id, stdin=in_read, stdout=out_write,
                    stderr=subprocess.DEVNULL)
        os.close(in_read)
        os.close(out_write)
        self.shell = Shell(in_write, out_read)
        if done.returncode:
            with open(log, encoding="utf-8", errors="replace") as file:
                raise AssertionError(f"runc run {self.id}: {file.read()}")
        with open(pid_file, encoding="ascii") as file:
            self.pid = int(file.read())
        self.run("true")

    def run(self, command, timeout=15.0):
        """By the init process: a builtin and its redirections open as pid 1."""
        return self.shell.run(command, timeout)

    def exec(self, *words, timeout=30.0):
        done = runc(self.box, "exec", self.id, *words, timeout=timeout,
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT)
        return Result(done.returncode, done.stdout.strip("\n"))

    def exec_shell(self, script, timeout=30.0):
        return self.exec("/bin/sh", "-c", script, timeout=timeout)

    def exec_detached(self, script):
        """A process that goes on; it ends with the container."""
        done = runc(self.box, "exec", "--detach", self.id, "/bin/sh", "-c", script,
                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL)
        if done.returncode:
            raise AssertionError(f"runc exec --detach: status {done.returncode}")

    def host_path(self, path):
        return os.path.join(self.root, path.lstrip("/"))

    def write(self, path, text, mode=0o644):
        return tree.write(self.root, path, text, mode)

    def close(self):
        sandbox.delete_container(self.box.runc_root, self.id)
        self.shell.close()
