# SPDX-License-Identifier: MIT
"""A service manager as janusd sees it: sd_notify(3), the fd store, and a start with stored fds.

Owns: the socket, the thread that reads it, and all fds that were stored. While it has those of
a janusd that is gone, whoever opens a guarded file waits.
"""

import array
import os
import socket
import struct
import sys
import threading
import time

from daemon import program
from sandbox import Timeout

CREDENTIALS = struct.Struct("iII")
NAMES = ["janus-ledger", "janus-group", "janus-wide", "janus-guards"]

# The fds under the numbers that are expected, and the pid that is known only now.
START = """
import fcntl, os, sys
fds = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for fd in sys.argv[1].split(",") if fd]
for number, fd in enumerate(fds):
    os.dup2(fd, 3 + number)
    os.close(fd)
for number in range(3 + len(fds), 100):
    try:
        os.close(number)
    except OSError:
        pass
for name in ("LISTEN_PID", "WATCHDOG_PID", "JANUSD_HANDOVER"):
    if name in os.environ:
        os.environ[name] = os.environ[name].replace("PID", str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


def start_words(path=None, fds=()):
    """What executes janusd with these fds from 3 on; PID in some variables is filled in."""
    return [sys.executable, "-I", "-c", START, ",".join(map(str, fds)),
            path or program("janusd")]


class Manager:
    def __init__(self, path):
        """A path, or an abstract name behind @."""
        self.address = path
        self.store = {}
        self.messages = []  # (pid, {key: value})
        self._news = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.bind("\0" + path[1:] if path[0] == "@" else path)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while True:
            data, parts, _, _ = self._socket.recvmsg(4096, 4096)
            if data == b"end":
                return
            pid, fds = 0, []
            for level, kind, content in parts:
                if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                    fds += array.array("i", content)
                elif (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
                    pid = CREDENTIALS.unpack(content)[0]
            words = dict(line.split("=", 1) for line in data.decode().splitlines())
            with self._news:
                self._take(words, fds)
                self.messages.append((pid, words))
                self._news.notify_all()

    def _take(self, words, fds):
        name = words.get("FDNAME", "stored")
        if words.get("FDSTORE") == "1":
            self.store.setdefault(name, []).extend(fds)
        elif words.get("FDSTOREREMOVE") == "1":
            self._close(self.store.pop(name, []))
        else:
            self._close(fds)

    @staticmethod
    def _close(fds):
        for fd in fds:
            os.close(fd)

    def mark(self):
        with self._news:
            return len(self.messages)

    def wait_for(self, key, value=None, timeout=30.0, since=0, count=1):
        """The messages with this assignment, as (pid, words), once there are count of them."""
        end = time.monotonic() + timeout
        with self._news:
            while True:
                found = [(pid, words) for pid, words in self.messages[since:]
                         if key in words and value in (None, words[key])]
                if len(found) >= count:
                    return found
                left = end - time.monotonic()
                if left <= 0:
                    raise Timeout(f"waited {timeout:g} s for {count} times {key}={value}; "
                                  f"there was {self.messages[since:]}")
                self._news.wait(left)

    def environment(self, **more):
        clean = {key: value for key, value in os.environ.items()
                 if not key.startswith(("LISTEN_", "WATCHDOG_", "NOTIFY_", "JANUSD_"))}
        return {**clean, "NOTIFY_SOCKET": self.address, **more}

    def start(self, start_janusd, *flags, **options):
        """A janusd that gets what is stored; start_janusd: of the test case."""
        with self._news:
            names = [name for name in self.store for _ in self.store[name]]
            fds = [fd for name in self.store for fd in self.store[name]]
        more = {"LISTEN_PID": "PID", "LISTEN_FDS": str(len(fds)),
                "LISTEN_FDNAMES": ":".join(names)} if fds else {}
        return start_janusd(*flags, words=start_words(fds=fds), pass_fds=fds,
                            env=self.environment(**more, **options.pop("env", {})), **options)

    def let_go(self):
        with self._news:
            for name in reversed(list(self.store)):  # the group that is asked first
                self._close(self.store.pop(name))

    def close(self):
        self.let_go()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", self._socket.getsockname())
        self._thread.join(10)
        self._socket.close()
