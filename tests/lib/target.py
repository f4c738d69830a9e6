# SPDX-License-Identifier: MIT
"""A target without a container: a shell in a chroot, named by its pid.

Owns: the process and its pipes. Enough for whatever does not depend on a runtime.
"""

import os
import subprocess

import sandbox
import tree
from shell import Shell


class ChrootTarget:
    def __init__(self, box, name, files=None):
        self.root = tree.on_tmpfs(box, name)
        tree.write(self.root, "/dev/null", "")  # a plain file: devices do nothing here
        for path, text in (files or {}).items():
            tree.write(self.root, path, text)
        self.process = subprocess.Popen(
            ["chroot", self.root, "/bin/sh"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
        box.adopt(self.process.pid)
        self.pid = self.process.pid
        self.shell = Shell(os.dup(self.process.stdin.fileno()),
                           os.dup(self.process.stdout.fileno()))
        self.run("cd /")

    def run(self, command, timeout=15.0):
        return self.shell.run(command, timeout)

    def waits_in_kernel(self):
        """Whether the shell itself sleeps where signals do not reach it: for an answer."""
        return sandbox.state(self.pid) == "D"

    def close(self):
        self.process.kill()
        self.process.wait()
        self.shell.close()
        self.process.stdin.close()
        self.process.stdout.close()
