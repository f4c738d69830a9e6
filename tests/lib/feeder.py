# SPDX-License-Identifier: MIT
"""A sink of janusd's without janusd around it: tests/daemon/feed_records.c, driven by words."""

import collections
import os
import subprocess
import threading

Stats = collections.namedtuple("Stats", "accepted written filtered folded queue rate error")


class Feeder:
    def __init__(self, kind, path, **settings):
        words = [f"{name}={number}" for name, number in settings.items()]
        self.process = subprocess.Popen(
            [os.environ["FEED_RECORDS"], kind, path, *words], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.log = []
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))

    def ask(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def put(self, count, path="/data/recipe-{}", *more):
        answer = self.ask("put", count, path, *more)
        assert answer == "ok", (answer, self.log)

    def flush(self):
        answer = self.ask("flush")
        assert answer == "ok", (answer, self.stats(), self.log)

    def stats(self):
        return Stats(*map(int, self.ask("stats").split()))

    def close(self, timeout=30):
        """Its exit status; the log is complete then."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        status = self.process.wait(timeout)
        self._reader.join(10)
        self.process.stdout.close()
        self.process.stderr.close()
        return status
