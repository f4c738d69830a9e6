# SPDX-License-Identifier: MIT
"""Containers that live for one command, `cat /data/recipe`, by runc.

Owns: the bundle that all of them are made from.
"""

import json
import os
import subprocess

import runtime
import tree


class OneShots:
    def __init__(self, box):
        self._box = box
        root = tree.on_tmpfs(box, "oneshot")
        tree.write(root, "/data/recipe", "salt\n")
        path, config = runtime.bundle_config(root)
        config["process"].update(terminal=False, args=["/bin/cat", "/data/recipe"])
        config["root"] = {"path": root, "readonly": True}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        self._bundle = os.path.dirname(path)

    def create(self):
        """One that waits for its start; return: its id."""
        cid = runtime.new_id()
        self._runc("create", "--bundle", self._bundle, cid, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
        return cid

    def start(self, cid):
        self._runc("start", cid)

    def delete(self, cid):
        runtime.runc(self._box, "delete", "--force", cid)

    def _runc(self, *words, **options):
        done = runtime.runc(self._box, *words, stdin=subprocess.DEVNULL, **options)
        if done.returncode:
            raise AssertionError(f"runc {words[0]}: status {done.returncode}")
