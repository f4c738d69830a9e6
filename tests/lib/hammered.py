# SPDX-License-Identifier: MIT
"""What tests of resilience share: one guard, and readers that never stop opening its files.

Owns: what has to be true of the readers whatever was done to janusd, and of janusd afterwards.
Nothing is judged by how long it took: waits are printed, they are the machine's.
"""

import errno

from case import Case
import openers

READERS = 16
ROUNDS = 20  # opens of each reader that show that nobody stands still


class Hammered(Case):
    """A denied file, an allowed one, and one that no rule speaks of."""

    janusd_flags = ("--on-failure", "deny")

    def setUp(self):
        super().setUp()
        self.goal = self.target({"/data/recipe": "salt\n", "/data/menu": "soup\n",
                                 "/data/cellar": "wine\n", "/srv/free": "air\n"})
        if self.client:
            self.guard()

    def guard(self):
        self.create("kitchen", pid=[self.goal.pid], deny=["/data/recipe"],
                    allow=["/data/menu"])
        self.assert_denied(self.goal.run("cat /data/recipe"))

    def path(self, name):
        return self.goal.root + name

    def crowd(self):
        crowd = openers.Crowd(self.box, READERS, self.path("/data/recipe"),
                              self.path("/data/menu"), self.path("/srv/free"))
        self.addCleanup(crowd.close)
        crowd.wait_for_more(ROUNDS)
        return crowd

    def finish(self, crowd, what):
        """Nobody hung, nobody slipped through, nobody was asked who need not be."""
        hung, (denied, allowed, free) = crowd.finish()
        print(f"{what}, {READERS} readers:", flush=True)
        for one, kind in ((denied, "denied"), (allowed, "allowed"), (free, "unguarded")):
            print(f"  {kind} file: {openers.figures(one)}", flush=True)
        self.assertEqual(hung, 0)
        self.assertEqual((denied["opened"], denied["failed"]), (0, 0), denied)
        self.assertGreater(denied["denied"], READERS * ROUNDS)
        self.assertGreater(allowed["opened"], READERS * ROUNDS, allowed)
        self.assertEqual(allowed["failed"], 0, allowed)
        self.assertEqual((free["denied"], free["failed"]), (0, 0), free)
        return denied, allowed

    def whole(self, pods=("kitchen",)):
        """Everything works, for clients that were there and for new ones."""
        self.assert_denied(self.goal.run("cat /data/recipe"))
        self.assert_allowed(self.goal.run("cat /data/menu"), "soup")
        client = self.connect(self.janusd.address)
        self.assert_ok(client.check())
        self.assertEqual(client.pods(), sorted(pods))
        self.assert_ok(client.create(client.guard("cellar", pid=[self.goal.pid],
                                                  deny=["/data/cellar"])))
        self.refused("/data/cellar")
        self.assert_ok(client.destroy(client.config(nodeName="node-1", podName="cellar")))
        self.assertEqual(openers.attempt(self.box, self.path("/data/cellar")).errno, 0)

    def refused(self, name):
        self.assertEqual(openers.attempt(self.box, self.path(name)).errno, errno.EPERM)

    def restarts(self):
        return sum("restarting" in line for line in self.janusd.snapshot())
