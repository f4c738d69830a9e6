# SPDX-License-Identifier: MIT
"""A machine that systemd has booted: systemd-nspawn, this system's /usr, all else its own.

Owns: the machine's root on the sandbox's tmpfs, nspawn and the machine's first process, which
the janitor ends if the test does not, and the cgroup they live in. There is neither a network nor
anything of this system that can be written to. Everything in the machine is done by nsenter:
nothing of it needs a systemd or a bus outside.
"""

import os
import shutil
import subprocess

from daemon import children, program
import runtime
import sandbox
from sandbox import wait_until
from shell import Result, Shell
import tree

UNIT = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                    "..", "..", "deploy", "systemd", "janusd.service")
TARGET = "janus-test.target"
ETC = ("passwd", "group", "nsswitch.conf", "ld.so.cache")
BOUND = 60.0  # seconds, of each command: a machine that hangs shall not hold up the test

# Version 2 of the cgroups as most machines have it, whatever this one has; and a folder in it.
START = """
set -eu
if [ ! -e /sys/fs/cgroup/cgroup.procs ]; then
	umount -l /sys/fs/cgroup
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
mount -t tmpfs -o mode=755 run /run
mkdir "/sys/fs/cgroup/$1"
echo $$ >"/sys/fs/cgroup/$1/cgroup.procs"
shift
exec "$@"
"""


def require():
    for name in ("systemd-nspawn", "nsenter", "unshare", "runc"):
        if not shutil.which(name):
            sandbox.skip(f"needs {name}")
    if not os.path.exists("/usr/lib/systemd/systemd"):
        sandbox.skip("needs systemd")


def pid_inside(pid):
    """In the innermost pid namespace, as text."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as status:
            return [line.split()[-1] for line in status if line.startswith("NSpid:")][0]
    except (OSError, IndexError):
        return None


class Machine:
    """programs: what lies in /usr/local/bin, by its variable in the test's environment."""

    def __init__(self, box, programs=("janusd", "janusctl", "hammer"), unit=UNIT):
        self._box = box
        self.name = f"janus-machine-{os.getpid()}"
        self.root = box.folder("machine", "root")
        self._prepare(programs, unit)
        self._start()

    def _prepare(self, programs, unit):
        bin_folder = self._box.folder("machine", "bin")
        for name in programs:
            shutil.copy(program(name), os.path.join(bin_folder, name))
        for name in ("usr", "etc/systemd/system", "etc/janus", "var/log/journal", "root",
                     "home", "srv", "proc", "sys", "dev", "run", "tmp"):
            os.makedirs(os.path.join(self.root, name))
        for name in ("bin", "sbin", "lib", "lib64"):
            os.symlink("usr/" + name, os.path.join(self.root, name))
        for name in ETC:
            shutil.copy("/etc/" + name, os.path.join(self.root, "etc", name))
        shutil.copytree("/etc/alternatives", os.path.join(self.root, "etc", "alternatives"),
                        symlinks=True)
        shutil.copy("/usr/lib/os-release", os.path.join(self.root, "etc"))
        shutil.copy(unit, os.path.join(self.root, "etc/systemd/system/janusd.service"))
        tree.write(self.root, "/etc/systemd/system/" + TARGET,
                   "[Unit]\nRequires=sysinit.target\nAfter=sysinit.target\n")

    def _start(self):
        # SYSTEMD_SECCOMP: nspawn would refuse fanotify, and what runc does.
        environment = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1",
                       "SYSTEMD_SECCOMP": "0"}
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", START, "sh",
             self.name, "systemd-nspawn", "--quiet", "--register=no", "--keep-unit",
             "--boot", "--console=pipe", "--capability=all", f"--machine={self.name}",
             f"--directory={self.root}", "--bind-ro=/usr",
             f"--bind-ro={self._box.folder('machine', 'bin')}:/usr/local/bin",
             "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--",
             "--unit=" + TARGET],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=environment, start_new_session=True)
        self._box.adopt(self._process.pid)
        wait_until(self._booted, BOUND, "systemd to boot")

    def _booted(self):
        if self._process.poll() is not None:
            raise AssertionError(f"nspawn has ended: {self._process.stdout.read()}")
        first = children(self._process.pid)
        if len(first) != 1:
            return False
        self.pid = first[0]
        if self.run("systemctl", "is-active", TARGET).output != "active":
            return False
        self._box.adopt(self.pid)
        return True

    # What is done in it -----------------------------------------------------------------

    def enter(self, *words):
        """What runs a command in it."""
        return ["nsenter", "--target", str(self.pid), "--all", "--wd=/", "--", *words]

    def hammer(self, _, *words):
        """What runs its own hammer: openers of the machine, in its mounts."""
        return self.enter("/usr/local/bin/hammer", *words)

    def run(self, *words, timeout=BOUND):
        done = subprocess.run(self.enter(*words), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout, check=False)
        return Result(done.returncode, done.stdout.decode("utf-8", "replace").strip())

    def systemctl(self, *words, timeout=BOUND):
        return self.run("systemctl", "--no-pager", *words, timeout=timeout)

    def show(self, name, unit="janusd"):
        return self.systemctl("show", "--value", "--property", name, unit).output

    def journal(self, unit="janusd"):
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit", unit).output

    def drop_in(self, text):
        """The unit with other settings, from its next start on; "": as it was delivered."""
        folder = "/etc/systemd/system/janusd.service.d"
        shutil.rmtree(self.root + folder, ignore_errors=True)
        if text:
            tree.write(self.root, folder + "/test.conf", f"[Service]\n{text}\n")
        done = self.systemctl("daemon-reload")
        if done.status:
            raise AssertionError(f"daemon-reload: {done}")

    def path(self, name):
        """A file of the machine as whoever is outside finds it, mounts of the machine included."""
        return f"/proc/{self.pid}/root{name}"

    def main_pid(self):
        """Of the unit, as those outside call it. All processes of a unit are systemd's children."""
        inside = self.show("MainPID")
        for pid in children(self.pid):
            if pid_inside(pid) == inside:
                return pid
        raise AssertionError(f"there is no main process {inside!r} in the machine")

    def close(self):
        """By force: what it was asked to do in order was asked before."""
        for pid in children(self._process.pid):
            os.kill(pid, 9)
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        left = sandbox.cgroups_named(self.name)
        wait_until(lambda: all(sandbox.remove_cgroup(folder) for folder in left), 20,
                   "the machine's cgroups to be empty")


class Guest:
    """A container of runc in the machine: a tmpfs of its own, mounted when it is made."""

    def __init__(self, machine, files):
        self._machine, self.id = machine, runtime.new_id()
        self.bundle = f"/srv/{self.id[:8]}"
        self.root = self.bundle + "/rootfs"
        outside = machine.path(self.bundle)
        os.mkdir(outside)
        mounted = machine.run("mount", "-t", "tmpfs", "-o", "mode=755", "guest", self.bundle)
        if mounted.status:
            raise AssertionError(f"mount: {mounted}")
        os.mkdir(os.path.join(outside, "rootfs"))
        tree.fill(os.path.join(outside, "rootfs"))
        for path, text in files.items():
            tree.write(os.path.join(outside, "rootfs"), path, text)
        path, config = runtime.shell_config(os.path.join(outside, "rootfs"))
        config["root"]["path"] = self.root
        runtime.write_config(path, config)
        self._start()

    def _start(self):
        in_read, in_write = os.pipe()
        out_read, out_write = os.pipe()
        words = self._machine.enter("runc", "--log", self.bundle + "/log", "run", "--detach",
                                    "--bundle", self.bundle, self.id)
        done = subprocess.run(words, stdin=in_read, stdout=out_write, timeout=BOUND,
                              stderr=subprocess.DEVNULL, check=False)
        os.close(in_read)
        os.close(out_write)
        self.shell = Shell(in_write, out_read)
        if done.returncode:
            log = self._machine.run("cat", self.bundle + "/log")
            raise AssertionError(f"runc run: status {done.returncode}, {log.output}")
        self.run("true")

    def run(self, command, timeout=15.0):
        return self.shell.run(command, timeout)

    def close(self):
        self._machine.run("runc", "delete", "--force", self.id)
        self.shell.close()
