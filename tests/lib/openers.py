# SPDX-License-Identifier: MIT
"""Who opens guarded files: processes of a small program, so that a test itself never waits.

Owns: the processes of tests/resilience/hammer.c. What is right or wrong is the tests' business.
"""

import json
import select
import subprocess

from daemon import program
import sandbox

BOUND = 10.0  # seconds after which an open that has not come back counts as hung


def here(program_path, *words):
    """The words that run the hammer here. Others run theirs somewhere else."""
    return [program_path, *words]


class Attempt:
    """One open by a process of its own. errno is 0 when the file could be opened."""

    def __init__(self, box, path, words=here):
        self._path = path
        self._process = subprocess.Popen(words(program("hammer"), "once", path),
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         text=True)
        self.pid = self._process.pid
        box.adopt(self.pid)
        self.errno = self.seconds = None

    def wait(self, timeout=BOUND):
        try:
            out, _ = self._process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired as late:
            self._process.kill()
            raise AssertionError(f"the open of {self._path} has not come back in "
                                 f"{timeout:g} s") from late
        errno, took = out.split()
        self.errno, self.seconds = int(errno), int(took) / 1e9
        return self


def attempt(box, path, timeout=BOUND, words=here):
    return Attempt(box, path, words).wait(timeout)


class Crowd:
    """Readers that open some files again and again until finish()."""

    def __init__(self, box, readers, *paths, words=here):
        self._process = subprocess.Popen(words(program("hammer"), str(readers), *paths),
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                         text=True)
        box.adopt(self._process.pid)
        assert self._process.stdout.readline() == "ready\n"

    def progress(self):
        """How many opens have ended so far, of the reader that has the fewest."""
        self._process.stdin.write("?")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def wait_for_more(self, count, timeout=60.0, what="each opener to go on"):
        """Until each of the readers has had as many answers again."""
        enough = self.progress() + count
        sandbox.wait_until(lambda: self.progress() >= enough, timeout, what)

    def run_for(self, seconds):
        """Let them open for so long: it is how much there is to see, nothing is waited for."""
        if select.select([self._process.stdout], [], [], seconds)[0]:
            raise AssertionError("the openers have ended: " + self._process.stdout.read())

    def finish(self):
        """(how many hung, what became of each file)"""
        out, _ = self._process.communicate(timeout=30)
        hung, *files = [json.loads(line) for line in out.splitlines()]
        return hung["hung"], files

    def close(self):
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            pipe.close()


def figures(one):
    """What became of one file, in words."""
    return (f"{one['opened']} opened, {one['denied']} denied, p50 {one['p50_us']:.0f} us, "
            f"p99 {one['p99_us']:.0f} us, longest {one['longest_ms']:.1f} ms")
