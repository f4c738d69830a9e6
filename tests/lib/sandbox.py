# SPDX-License-Identifier: MIT
"""A place to run a test in that leaves nothing behind.

Owns: the private mount and network namespaces, the work folder (a tmpfs, so a superblock of
its own), and the janitor: a detached process that ends what is still alive when the test
process ends, however that happens (ctest's SIGKILL too). It knows pids by their start time
and containers by their runc state folder, so it never ends what the test did not start.
Must not know janusd, its rpcs or what a container is for.
"""

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

SKIP = 77
IN_NAMESPACE = "JANUS_TEST_IN_NAMESPACE"
MS_NOSUID, MS_NODEV, MNT_DETACH = 2, 4, 2
SIOCSIFFLAGS, IFF_UP = 0x8914, 1

libc = ctypes.CDLL(None, use_errno=True)


class Timeout(AssertionError):
    """Something that was waited for did not come."""


def skip(reason):
    print(f"SKIP: {reason}", flush=True)
    sys.exit(SKIP)


def enter():
    """Go on in a private mount and network namespace, or skip without the rights to."""
    if os.environ.get(IN_NAMESPACE) == str(os.getpid()):
        raise_loopback()
        return
    if os.geteuid() != 0:
        skip("needs root: fanotify permission marks and mount namespaces")
    os.environ[IN_NAMESPACE] = str(os.getpid())  # unshare executes in place: the pid stays
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private",
                          "--net", sys.executable, "-B", *sys.argv])


def raise_loopback():
    """A new network namespace has its loopback interface down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def mount(source, target, kind, options=""):
    result = libc.mount(os.fsencode(source), os.fsencode(target), os.fsencode(kind),
                        MS_NOSUID | MS_NODEV, os.fsencode(options))
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"mount {kind} ({options}): {os.strerror(error)}", target)


def umount(target):
    libc.umount2(os.fsencode(target), MNT_DETACH)


def wait_until(condition, timeout=10.0, what="a condition"):
    """Ask again until it is true; the last answer is returned."""
    end = time.monotonic() + timeout
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Timeout(f"waited {timeout:g} s for {what}")
        time.sleep(0.005)


def stat_field(pid, number):
    """A field of /proc/PID/stat behind the name, None when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rsplit(b")", 1)[1].split()[number - 3].decode("ascii")
    except (OSError, IndexError):
        return None


def state(pid):
    return stat_field(pid, 3)


def start_time(pid):
    started = stat_field(pid, 22)
    return None if started is None else int(started)


class Sandbox:
    """The work folder of one test process and the list of what has to end."""

    def __init__(self):
        # Short: the path of a socket has to be.
        self.path = tempfile.mkdtemp(prefix=f"janus-{os.getpid()}-", dir="/tmp")
        mount("janus-test", self.path, "tmpfs", "mode=755")
        self.runc_root = self.folder("runc")
        self._pids = os.path.join(self.path, "pids")
        self._alive, self._janitor_end = os.pipe()
        self._start_janitor()

    def folder(self, *names):
        path = os.path.join(self.path, *names)
        os.makedirs(path, exist_ok=True)
        return path

    def adopt(self, pid):
        """Have the janitor end this process if the test does not."""
        with open(self._pids, "a", encoding="ascii") as pids:
            pids.write(f"{pid} {start_time(pid)}\n")

    def close(self):
        """What the janitor does; it finds nothing left afterwards."""
        clean(self.path)

    def _start_janitor(self):
        child = os.fork()
        if child:
            os.close(self._alive)
            os.waitpid(child, 0)
            return
        try:
            os.setsid()
            if os.fork() == 0:
                janitor(self.path, self._alive, self._janitor_end)
        finally:
            os._exit(0)


def janitor(path, alive, other_end):
    os.close(other_end)
    null = os.open("/dev/null", os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    os.read(alive, 1)  # ends when the test process does
    clean(path)


def clean(path):
    """Processes first: a daemon that hangs holds everybody who opens a guarded file."""
    if not os.path.isdir(path):
        return
    end_processes(os.path.join(path, "pids"))
    root = os.path.join(path, "runc")
    for name in os.listdir(root) if os.path.isdir(root) else []:
        delete_container(root, name)
    for point in reversed(mounts_below(path)):
        umount(point)
    umount(path)
    shutil.rmtree(path, ignore_errors=True)


def mounts_below(path):
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as info:
        points = [line.split()[4] for line in info]
    return [point for point in points if point.startswith(path + "/")]


def end_processes(list_file):
    try:
        with open(list_file, encoding="ascii") as pids:
            entries = [line.split() for line in pids]
    except OSError:
        return
    for pid, started in entries:
        if started != "None" and start_time(int(pid)) == int(started):
            os.kill(int(pid), signal.SIGKILL)


def delete_container(root, name):
    """runc ends and forgets it; the folders in the cgroup tree go with it, late at times."""
    subprocess.run(["runc", "--root", root, "delete", "--force", name],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, timeout=30, check=False)
    left = cgroups_named(name)
    try:
        wait_until(lambda: all(remove_cgroup(folder) for folder in left), 5)
    except Timeout:
        print(f"cgroup folders left: {left}", file=sys.stderr)


def cgroups_named(name):
    found = []
    for folder, names, _ in os.walk("/sys/fs/cgroup"):
        if name in names:
            found.append(os.path.join(folder, name))
            names.remove(name)
    return found


def remove_cgroup(folder):
    for inner, _, _ in os.walk(folder, topdown=False):
        try:
            os.rmdir(inner)
        except FileNotFoundError:
            pass
        except OSError:
            return False
    return True
