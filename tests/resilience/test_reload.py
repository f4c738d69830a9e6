# SPDX-License-Identifier: MIT
"""Reloads under readers that never stop: each whole or not at all, and nobody slips through."""

from case import main
from hammered import Hammered
from manifest_files import REFUSED, Files

RELOADS = 100


class UnderLoad(Files, Hammered):
    janusd_flags = None

    def test_a_hundred_reloads_half_of_them_wrong(self):
        self.prepare()
        self.write(0)
        self.start("--on-failure", "deny")
        crowd = self.crowd()
        generation = 0
        for round_ in range(1, RELOADS // 2 + 1):
            self.write(round_)
            told = int(self.hup().split("generation ")[1].split(",")[0])
            self.assertGreater(told, generation)
            generation = told
            self.break_one()
            self.hup(REFUSED)
            self.mend()
        denied, _ = self.finish(crowd, f"{RELOADS} reloads")
        self.assertGreater(denied["denied"], 0)
        self.assertEqual(self.assert_ok(self.reload()).message.generation, generation)

    def write(self, round_):
        subjects = [{"deny": ["/data/recipe"], "allow": ["/data/menu"], "events": ["open"],
                     "tags": {"round": str(round_)}}]
        self.manifest("kitchen", self.goal.pid, subjects=subjects)


main()
