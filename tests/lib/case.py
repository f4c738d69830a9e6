# SPDX-License-Identifier: MIT
"""What every end-to-end test file starts from.

Owns: the sandbox of the process (one for all its tests), the order of the clean-up (daemon
first, so that nobody stays blocked), and the exit status: 0, 1, or 77 for "cannot run here".
"""

import faulthandler
import sys
import unittest

import rpc
import runtime
import sandbox
import tree
from daemon import Janusd
from target import ChrootTarget

BOX = None
PROTOS = None
EPERM = "Operation not permitted"


class Case(unittest.TestCase):
    """Each test has its own janusd unless it asks for none (janusd_flags = None)."""

    janusd_flags = ()
    maxDiff = None

    def setUp(self):
        self.box = BOX
        self.name = self.id().rsplit(".", 1)[1].replace("test_", "")[:40]
        self.janusd = self.client = None
        self.daemons, self.clients = [], []
        if self.janusd_flags is not None:
            self.janusd = self.start_janusd(*self.janusd_flags)
            self.client = self.connect(self.janusd.address)

    def start_janusd(self, *flags, **options):
        janusd = Janusd(BOX, *flags, **options)
        self.daemons.append(janusd)
        self.addCleanup(janusd.stop)
        return janusd

    def connect(self, address, credentials=None, options=()):
        client = rpc.Client(address, PROTOS, credentials, options)
        self.clients.append(client)
        self.addCleanup(client.close)
        return client

    # Targets. Clean-ups run last in, first out, and a target is made after the daemon; so
    # its clean-up ends the daemons first: a target that waits for an answer cannot be ended.

    def container(self, root=None, **options):
        if root is None:
            root = tree.on_tmpfs(BOX, self.unique("c"))
        container = runtime.Container(BOX, root, **options)
        self.addCleanup(self.close_target, container)
        return container

    def overlay_container(self, files, other_layer=False, **options):
        return self.container(
            tree.on_overlay(BOX, self.unique("o"), files, other_layer), **options)

    def target(self, files=None):
        target = ChrootTarget(BOX, self.unique("t"), files)
        self.addCleanup(self.close_target, target)
        return target

    def close_target(self, target):
        for client in self.clients:
            client.close()
        for janusd in self.daemons:
            janusd.stop()
        target.close()

    def unique(self, kind):
        Case.counter = getattr(Case, "counter", 0) + 1
        return f"{kind}{Case.counter}"

    # Assertions ---------------------------------------------------------------------------

    def assert_code(self, answer, code, *words):
        self.assertEqual(answer.name, code, answer)
        for word in words:
            self.assertIn(word, answer.details)
        return answer

    def assert_ok(self, answer):
        return self.assert_code(answer, "OK")

    def assert_denied(self, result):
        self.assertNotEqual(result.status, 0, result)
        self.assertIn(EPERM, result.output)

    def assert_allowed(self, result, output=None):
        self.assertEqual(result.status, 0, result)
        if output is not None:
            self.assertEqual(result.output, output)

    def create(self, *args, **fields):
        """Make a guard that has to come into being."""
        answer = self.client.create(self.client.guard(*args, **fields))
        self.assert_ok(answer)
        return answer


def main(*needs, grpc=True):
    """Call it at the end of each test file: enters the sandbox, runs, cleans up.

    Without grpc, connect() is not to be had, and nothing has to be there for it.
    """
    global BOX, PROTOS
    sandbox.enter()
    for need in needs:
        need()
    faulthandler.enable()
    BOX = sandbox.Sandbox()
    try:
        if grpc:
            PROTOS = rpc.load(BOX)
        program = unittest.main(module="__main__", exit=False, verbosity=2)
    finally:
        BOX.close()
    sys.exit(0 if program.result.wasSuccessful() else 1)
