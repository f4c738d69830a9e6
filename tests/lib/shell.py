# SPDX-License-Identifier: MIT
"""A shell that lives in a target and does what it is told.

Owns: the protocol over the shell's stdin and stdout (one command, its output, a marker with
its status), and the deadline of each command. The process behind it belongs to whoever made
it: target.py (a chroot) or runtime.py (a container's init).
"""

import os
import select
import time

from sandbox import Timeout

MARKER = b"\x01status "


class Result:
    def __init__(self, status, output):
        self.status, self.output = status, output

    def __repr__(self):
        return f"status {self.status}, output {self.output!r}"


class Shell:
    """run() is one command; send() and receive() are its halves, for one that may wait."""

    def __init__(self, write_fd, read_fd):
        self._in, self._out = write_fd, read_fd
        self._rest = b""

    def run(self, command, timeout=15.0):
        self.send(command)
        return self.receive(timeout)

    def send(self, command):
        text = ("{ " + command + "\n} 2>&1 </dev/null; s=$?; "
                "echo; printf '\\001status %d\\n' $s\n")
        os.write(self._in, text.encode())

    def receive(self, timeout=15.0):
        end = time.monotonic() + timeout
        while True:
            at = self._rest.find(b"\n" + MARKER)
            stop = self._rest.find(b"\n", at + 1) if at >= 0 else -1
            if stop >= 0:
                output = self._rest[:at].decode("utf-8", "replace").strip("\n")
                status = int(self._rest[at + 1 + len(MARKER):stop])
                self._rest = self._rest[stop + 1:]
                return Result(status, output)
            self._rest += self._read(end, timeout)

    def has_answer(self, within):
        """Whether a command that was sent has said anything yet."""
        return bool(self._rest) or bool(select.select([self._out], [], [], within)[0])

    def _read(self, end, timeout):
        left = max(0.0, end - time.monotonic())
        if not select.select([self._out], [], [], left)[0]:
            raise Timeout(f"the shell did not answer in {timeout:g} s; "
                          f"so far {self._rest!r}")
        data = os.read(self._out, 65536)
        if not data:
            raise AssertionError(f"the shell ended; it said {self._rest!r}")
        return data

    def close(self):
        for fd in (self._in, self._out):
            try:
                os.close(fd)
            except OSError:
                pass
