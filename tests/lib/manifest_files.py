# SPDX-License-Identifier: MIT
"""A janusd whose guards are of files: for a Case, which it is mixed into.

Owns: the folder of manifests, the configuration that names it, and how a reload is asked for.
"""

import json
import os
import signal

HEAD = {"apiVersion": "januscontroller.clustergarage.io/v1alpha1", "kind": "JanusGuard"}
RELOADED = r"^janusd: reloaded: generation (\d+), (\d+) guards of files, (\d+) changed, (\d+) "
REFUSED = r"reload: refused, \d+ errors; what was in force goes on$"


class Files:
    """A folder of manifests, and a configuration that names it."""

    def prepare(self, **settings):
        self.folder = self.box.folder(self.unique("guards"))
        self.config = os.path.join(self.box.folder(self.unique("config")), "janusd.json")
        self.settings = dict(settings, guards_folder=self.folder)
        self.configure()

    def configure(self, **more):
        self.replace(self.config, json.dumps(dict(self.settings, **more)))

    def replace(self, path, text):
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(path + ".new", path)

    def manifest(self, name, pid, *deny, **spec):
        spec = dict({"targets": [{"pid": pid}], "subjects": [{"deny": list(deny),
                                                              "events": ["open"]}]}, **spec)
        self.replace(os.path.join(self.folder, name + ".json"),
                     json.dumps(dict(HEAD, metadata={"name": name}, spec=spec)))

    def break_one(self):
        self.replace(os.path.join(self.folder, "zz.yaml"), "kind: [\n")

    def mend(self):
        os.unlink(os.path.join(self.folder, "zz.yaml"))

    def start(self, *flags):
        self.janusd = self.start_janusd("--config", self.config, *flags)
        self.client = self.connect(self.janusd.address)

    def hup(self, pattern=RELOADED):
        """Send SIGHUP. Return: the line that tells of its end."""
        since = self.janusd.mark()
        os.kill(self.janusd.pid, signal.SIGHUP)
        return self.janusd.wait_line(pattern, timeout=30, since=since)[0]

    def reload(self):
        protos = self.client.protos
        return self.client.call("/janus.v1.GuardService/Reload",
                                protos["janus.v1.ReloadRequest"](),
                                protos["janus.v1.ReloadResponse"], timeout=30)
