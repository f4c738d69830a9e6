# SPDX-License-Identifier: MIT
"""A janusd of the test's own.

Owns: both processes, keeper and worker, the socket folder and the thread that collects their
stderr. Always ended by the keeper's pid: SIGTERM, and SIGKILL after a deadline, since a daemon
that hangs holds every opener. The worker dies with the keeper.
"""

import os
import re
import signal
import subprocess
import threading
import time

import sandbox
from sandbox import Timeout

READY = re.compile(r"^janusd: ready$")
LISTENING = re.compile(r"^janusd: listening on (\S+) \((plaintext|mtls)\)$")
RECORD = re.compile(r"^<(ALLOW|DENY|WOULD_DENY)> ")


def program(name):
    """Of the build under test; the test's environment says where."""
    path = os.environ.get(name.upper())
    if not path or not os.access(path, os.X_OK):
        raise AssertionError(f"{name.upper()}={path!r} names no program: run through ctest")
    return path


def children(pid):
    """The processes that this one has started and not waited for."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def threads(pid):
    """One that is a zombie may have others that are not; they end a moment later."""
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []


def fd_links(pid):
    """What each of its fds is; one that is closed meanwhile is none."""
    folder = f"/proc/{pid}/fd"
    for name in os.listdir(folder):
        try:
            yield os.readlink(os.path.join(folder, name))
        except FileNotFoundError:
            pass


def count_groups(pid):
    """Of fanotify, that a process has open."""
    return sum(link == "anon_inode:[fanotify]" for link in fd_links(pid))


class Janusd:
    count = 0

    """listen=() keeps the default addresses; collect=False leaves stderr unread; stderr is a file
    to write to instead, which the test reads itself. folder is where the socket is made.

    pid is the keeper's: the daemon as whoever has started it knows it. words: what to execute
    instead of the janusd under test, to which the flags go; more options are Popen's.
    """

    def __init__(self, box, *flags, listen=None, node="node-1", wait=True, collect=True,
                 words=None, stderr=subprocess.PIPE, folder=None, **options):
        Janusd.count += 1
        self.folder = folder or box.folder(f"janusd-{Janusd.count}")
        self.socket = os.path.join(self.folder, "s")
        words = list(words or [program("janusd")])
        for address in [self.address] if listen is None else listen:
            words += ["--listen", address]
        if node:
            words += ["--node", node]
        self.lines, self._news = [], threading.Condition()
        self.process = subprocess.Popen(
            words + list(flags), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=stderr, **options)
        collect = collect and stderr == subprocess.PIPE
        self.pid = self.process.pid
        box.adopt(self.pid)
        self._reading = threading.Event()
        self._reading.set()
        self._reader = threading.Thread(target=self._collect, daemon=True)
        if collect:
            self._reader.start()
        if wait and collect:
            self.wait_ready()

    @property
    def address(self):
        return "unix:" + self.socket

    def wait_ready(self, timeout=15.0):
        try:
            self.wait_line(READY, timeout)
        except Timeout:
            self.stop()
            raise

    def bound(self):
        """[(address, plaintext or mtls)] with the real ports."""
        return [match.groups() for match in map(LISTENING.match, self.snapshot()) if match]

    def collect(self):
        """Begin to read what nobody read so far."""
        self._reader.start()

    def stop_reading(self):
        """Until read_on(): what is written stays in the pipe, and there is little room in it."""
        self._reading.clear()

    def read_on(self):
        self._reading.set()

    def _join(self):
        self.read_on()
        if self._reader.ident:
            self._reader.join(10)

    def _collect(self):
        for raw in self.process.stderr:
            self._reading.wait()
            with self._news:
                self.lines.append(raw.decode("utf-8", "replace").rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self.lines.append(None)  # the end of stderr
            self._news.notify_all()

    def snapshot(self, since=0):
        with self._news:
            return [line for line in self.lines[since:] if line is not None]

    def mark(self):
        """Lines from here on: hand it to the waiting calls as since."""
        with self._news:
            return len(self.lines)

    def forget(self):
        """The lines so far, of which a long run has too many. Earlier marks mean nothing then."""
        with self._news:
            self.lines[:] = [line for line in self.lines if line is None]

    def wait_line(self, pattern, timeout=10.0, since=0, count=1):
        """The lines that match, as soon as there are count of them."""
        regex = re.compile(pattern)
        end = time.monotonic() + timeout
        found, seen = [], since
        with self._news:
            while True:
                found += [line for line in self.lines[seen:]
                          if line is not None and regex.search(line)]
                seen = max(seen, len(self.lines))
                if len(found) >= count:
                    return found
                left = end - time.monotonic()
                ended = bool(self.lines) and self.lines[-1] is None
                if left <= 0 or ended:
                    why = "stderr ended" if ended else f"waited {timeout:g} s"
                    raise Timeout(f"{why}: {len(found)} of {count} lines like "
                                  f"{regex.pattern!r}; janusd said "
                                  f"{self.lines[since:][-20:]}")
                self._news.wait(left)

    def wait_record(self, text, timeout=10.0, since=0, count=1):
        return self.wait_line("^" + re.escape(text), timeout, since, count)

    def records(self, since=0):
        return [line for line in self.snapshot(since) if RECORD.match(line)]

    def fanotify_fds(self):
        return count_groups(self.worker_pid)

    @property
    def worker_pid(self):
        """Of the worker that is there now."""
        return sandbox.wait_until(lambda: children(self.pid), 15, "a worker")[0]

    def pause(self, pid=None):
        """SIGSTOP for the worker or another pid; wait until it has reached each thread."""
        pid = pid or self.worker_pid
        os.kill(pid, signal.SIGSTOP)
        tasks = f"/proc/{pid}/task"
        sandbox.wait_until(
            lambda: {sandbox.state(f"{pid}/task/{task}") for task in os.listdir(tasks)}
            == {"T"}, 10, "janusd to stop")

    def resume(self, pid=None):
        os.kill(pid or self.worker_pid, signal.SIGCONT)

    def kill_worker(self, number=signal.SIGKILL):
        """Return: its pid. It is gone, or about to go."""
        pid = self.worker_pid
        os.kill(pid, number)
        return pid

    def alive(self):
        return self.process.poll() is None

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def wait_exit(self, timeout=15.0):
        """Its exit status; the whole of stderr has been read then."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise Timeout(f"janusd still runs after {timeout:g} s; it said "
                          f"{self.snapshot()[-20:]}") from error
        self._join()
        return status

    def stop(self, timeout=15.0):
        """SIGTERM, SIGKILL at the deadline; returns the status (negative: the signal)."""
        if self.alive():
            self.terminate()
            try:
                return self.wait_exit(timeout)
            except Timeout:
                self.kill()
        status = self.process.wait()
        self._join()
        if self.process.stderr:
            self.process.stderr.close()
        return status

    def kill(self):
        """The keeper; the worker dies with it, and both are gone afterwards."""
        workers = children(self.pid)
        if self.alive() and sandbox.start_time(self.pid) is not None:
            self.process.kill()
        self.process.wait()
        sandbox.wait_until(lambda: all(sandbox.state(pid) in (None, "Z") and
                                       len(threads(pid)) < 2 for pid in workers),
                           10, "the worker to die with its keeper, thread by thread")
