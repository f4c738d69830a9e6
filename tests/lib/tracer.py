# SPDX-License-Identifier: MIT
"""Holding a process as a debugger does: ptrace, each thread stopped.

Owns: the threads that it has seized, until detach() or the end of the test process.
"""

import ctypes
import os

import sandbox

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, thread):
    if libc.ptrace(request, thread, None, None) < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"ptrace {request:#x} of {thread}: {os.strerror(error)}")


class Tracer:
    """Call all of it from one thread: the kernel knows tracers by thread."""

    def __init__(self, pid):
        self._pid, self._threads = pid, []
        while new := [thread for thread in self._all() if thread not in self._threads]:
            for thread in new:
                self._hold(thread)

    def _all(self):
        return [int(name) for name in os.listdir(f"/proc/{self._pid}/task")]

    def _hold(self, thread):
        ptrace(PTRACE_SEIZE, thread)
        self._threads.append(thread)
        ptrace(PTRACE_INTERRUPT, thread)
        sandbox.wait_until(lambda: os.waitpid(thread, WALL | os.WNOHANG)[0] == thread, 10,
                           f"thread {thread} to stop")

    def count(self):
        return len(self._threads)

    def detach(self):
        """They go on. Of those that were killed, the end is taken note of: the first one's last."""
        for thread in reversed(self._threads):
            try:
                ptrace(PTRACE_DETACH, thread)
            except OSError:
                sandbox.wait_until(lambda: self._buried(thread), 10, f"{thread} to have ended")
        self._threads = []

    def _buried(self, thread):
        try:
            return os.waitpid(thread, WALL | os.WNOHANG)[0] == thread
        except ChildProcessError:
            return True


class Thread(Tracer):
    """Only the first thread of the process."""

    def _all(self):
        return [self._pid]
