# SPDX-License-Identifier: MIT
"""A worker that has no fds left, under readers and clients: nobody hangs or slips through.

Each file that somebody waits for takes an fd of the worker; without one the kernel denies the
open itself. Connections take fds, too.
"""

import os
import resource
import threading

from case import main
from hammered import Hammered
from sandbox import wait_until

CLIENTS = 40
REFUSED = 16  # calls that show that there are not enough for all of them


def highest_fd(pid):
    return max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))


class Visitors:
    """Clients that all stay connected, if they can, and ask again and again."""

    def __init__(self, case):
        self._case, self._stop = case, threading.Event()
        self.served = self.refused = 0
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._run) for _ in range(8)]
        for thread in self._threads:
            thread.start()
        case.addCleanup(self.stop)

    def _run(self):
        clients = [self._case.connect(self._case.janusd.address)
                   for _ in range(CLIENTS // len(self._threads))]
        while not self._stop.is_set():
            for client in clients:
                served = client.check(timeout=0.5).name == "OK"
                with self._lock:
                    self.served += served
                    self.refused += not served
        for client in clients:
            client.close()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)


class Fds(Hammered):
    def limit(self, pid, number):
        """The hard limit stays, so that nobody needs a right to raise it again."""
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (number, hard))
        return soft

    def serves(self):
        client = self.connect(self.janusd.address)
        answer = client.check(timeout=1)
        client.close()
        return answer.name == "OK"

    def starve(self, what, spare):
        """spare: how many beside those in use at rest; None: not one of any that come free."""
        worker = self.janusd.worker_pid
        number = 3 if spare is None else highest_fd(worker) + 1 + spare
        crowd = self.crowd()
        for _ in range(2):
            before = self.limit(worker, number)
            visitors = Visitors(self)
            crowd.wait_for_more(200)
            wait_until(lambda: visitors.refused >= REFUSED, 60, "clients that are not served")
            visitors.stop()
            self.limit(worker, before)
            print(f"{what}: of {visitors.served + visitors.refused} calls "
                  f"{visitors.served} were served", flush=True)
            crowd.wait_for_more(50)
            wait_until(self.serves, 30, "janusd to serve again")
        self.finish(crowd, what)
        self.assertEqual(self.janusd.worker_pid, worker)
        self.assertEqual(self.restarts(), 0)
        self.janusd.wait_line("all addresses are listened on anew")
        self.whole()

    def test_no_fd_at_all(self):
        self.starve("no fd at all", None)

    def test_fewer_than_openers_and_clients_want(self):
        self.starve("4 fds beside those in use", 4)


if __name__ == "__main__":
    main()
