# SPDX-License-Identifier: MIT
"""What the tests of "janusctl watch" start from: a folder of their own on a tmpfs."""

import os

from case import Case
from watcher import Watcher


class WatchCase(Case):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        self.folder = self.box.folder(self.unique("w"))

    def watch(self, *words, **options):
        watcher = Watcher(self.box, *words, **options)
        self.addCleanup(watcher.kill)
        return watcher

    def json(self, *words, **options):
        return self.watch("--json", *words, **options)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, text="text\n"):
        path = self.path(name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def folder_of(self, *names):
        path = self.path(*names)
        os.makedirs(path)
        return path

    def fence(self, watcher):
        """What was done before has been told when this has."""
        path = self.write(self.unique("fence"))
        watcher.wait_event("create", path)
        return path

    def told(self, watcher, *kinds):
        """[(kind, path)] so far, of these kinds or of all."""
        return [(event["event"], event["path"]) for event in watcher.events()
                if not kinds or event["event"] in kinds]
