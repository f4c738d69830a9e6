# SPDX-License-Identifier: MIT
"""A run of "janusctl watch".

Owns: the process and the threads that collect what it prints. Everything it prints has to be
ASCII, a line at a time; with --json each line has to be an object with the fields that the
manual names. Always ended by its pid.
"""

import json
import re
import signal
import subprocess
import threading
import time

from daemon import program
from sandbox import Timeout

READY = re.compile(r"^ready: (\d+) directories")
FIELDS = {"time", "event", "path", "old_path", "ftype", "pid", "exe"}
GAP_FIELDS = FIELDS | {"lost", "error"}


class Lines:
    """What comes out of a pipe, until its end."""

    def __init__(self, pipe, news):
        self.lines, self.ended, self.broken = [], False, None
        self._pipe, self._news = pipe, news
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self):
        for raw in self._pipe:
            with self._news:
                try:
                    self.lines.append(raw.decode("ascii").rstrip("\n"))
                except UnicodeDecodeError as error:
                    self.broken = error
                self._news.notify_all()
        with self._news:
            self.ended = True
            self._news.notify_all()

    def join(self):
        self._thread.join(10)
        self._pipe.close()


class Watcher:
    """collect=False leaves stdout to the test: process.stdout, or collect() later."""

    def __init__(self, box, *words, prefix=(), collect=True, ready=True, **options):
        command = [*prefix, program("janusctl"), "watch", *words]
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
        self.pid = self.process.pid
        box.adopt(self.pid)
        self.news = threading.Condition()
        self.out = self._lines(self.process.stdout if collect else None)
        self.err = self._lines(self.process.stderr)
        if ready:
            self.wait_ready()

    def _lines(self, pipe):
        return Lines(pipe, self.news) if pipe else None

    def collect(self):
        """Begin to read what nobody read so far."""
        self.out = self._lines(self.process.stdout)

    def wait(self, what, condition, timeout=10.0):
        """Until condition() is true; it is asked whenever a line came."""
        end = time.monotonic() + timeout
        with self.news:
            while True:
                answer = condition()
                if answer:
                    return answer
                left = end - time.monotonic()
                over = all(lines.ended for lines in (self.out, self.err) if lines)
                if left <= 0 or over:
                    raise Timeout(f"{'it ended' if over else 'time is over'} without "
                                  f"{what}: {self.said()}")
                self.news.wait(left)

    def said(self):
        return (f"stdout {self.out.lines[-30:] if self.out else None}, "
                f"stderr {self.err.lines[-30:] if self.err else None}")

    def wait_ready(self, timeout=15.0):
        """The line."""
        return self.wait("being ready", lambda: next(
            (line for line in self.err.lines if READY.match(line)), None), timeout)

    def wait_line(self, pattern, timeout=10.0):
        regex = re.compile(pattern)
        return self.wait(f"{pattern!r}", lambda: next(
            (line for line in self.out.lines if regex.search(line)), None), timeout)

    def wait_warning(self, pattern, timeout=10.0):
        regex = re.compile(pattern)
        return self.wait(f"{pattern!r}", lambda: next(
            (line for line in self.err.lines if regex.search(line)), None), timeout)

    # With --json ---------------------------------------------------------------------------

    def events(self):
        """All so far."""
        with self.news:
            lines = list(self.out.lines)
        return [parse(line) for line in lines]

    def wait_event(self, kind, path=None, timeout=10.0, **fields):
        """The first of a kind on a path, and with these fields."""
        wanted = {"event": kind, **fields}
        if path is not None:
            wanted["path"] = path

        def first():
            for line in self.out.lines:
                event = parse(line)
                if all(event[name] == value for name, value in wanted.items()):
                    return event
            return None
        return self.wait(f"{wanted}", first, timeout)

    # The end --------------------------------------------------------------------------------

    def wait_exit(self, timeout=15.0):
        """Its status; all it printed has been read then."""
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            raise Timeout(f"still runs after {timeout:g} s: {self.said()}") from error
        for lines in (self.out, self.err):
            if lines:
                lines.join()
                if lines.broken:
                    raise AssertionError(f"not ASCII: {lines.broken}")
        return status

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.wait_exit()

    def kill(self):
        """For the clean-up."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def parse(line):
    event = json.loads(line)
    fields = {name for name in event if not name.endswith("_bytes")}
    if fields != (GAP_FIELDS if event.get("event") == "gap" else FIELDS):
        raise AssertionError(f"other fields than the manual's: {line}")
    return event
