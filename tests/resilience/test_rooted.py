# SPDX-License-Identifier: MIT
"""A whole container root is guarded, and janusd lives in it: it must never wait for itself.

Its log, its sockets, its certificates and its working directory are on the guarded file system.
JANUS_TEST_SECONDS says for how long; latencies are printed, not judged.
"""

import os
import re
import shutil

from case import main
from certs import Authority
from hammered import READERS, Hammered
import openers
import runtime
import tree
from rpc import grpc
from sandbox import wait_until

SECONDS = int(os.environ.get("JANUS_TEST_SECONDS", "20"))
KILL_EACH = 8  # seconds
FOLDERS = ("/", "/bin", "/data", "/etc", "/etc/tls", "/run", "/tmp", "/var", "/var/log")
LISTENING = re.compile(rb"^janusd: listening on (127\.0\.0\.1:\d+) \(mtls\)$", re.MULTILINE)


class Rooted(Hammered):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        self.root = tree.on_overlay(self.box, self.unique("o"), {
            "/data/recipe": "salt\n", "/data/menu": "soup\n", "/run/.keep": "",
            "/var/log/.keep": "", "/etc/tls/.keep": ""})
        self.container_in = self.container(self.root)
        self.free = tree.write(self.box.folder("elsewhere"), "free", "air\n")
        self.log = self.root + "/var/log/janusd.log"
        self.records = 0
        self.start_in_root()

    def start_in_root(self):
        authority = Authority(self.root + "/etc/tls", "authority")
        self.server, who = authority.sign("server"), authority.sign("client")
        with open(self.log, "ab") as log:
            self.janusd = self.start_janusd(
                "--on-failure", "deny", "-tlscafile", authority.cert, "-tlscertfile",
                self.server.cert, "-tlskeyfile", self.server.key, stderr=log, cwd=self.root,
                folder=self.root + "/run",
                listen=["unix:" + self.root + "/run/s", "127.0.0.1:0"])
        cert, key = who.read()
        self.credentials = grpc.ssl_channel_credentials(authority.read()[0], key, cert)
        self.client = wait_until(self.dial, 15, "janusd to serve")
        self.address = wait_until(self.bound, 15, "janusd to log its port")[1].decode()

    def bound(self):
        with open(self.log, "rb") as log:
            return LISTENING.search(log.read())

    def dial(self):
        client = self.connect(self.janusd.address)
        return client if client.check(timeout=2).name == "OK" else client.close()

    def guard_all(self):
        self.create("kitchen", cid=[self.container_in.id], deny=["/data/recipe"],
                    allow=list(FOLDERS), event=["all"])
        self.assert_denied(self.container_in.run("cat /data/recipe"))

    def rotate(self):
        """As is done where a daemon does not open its log again."""
        moved = self.log + ".moved"
        os.rename(self.log, moved)
        shutil.copyfile(moved, self.log + ".1")
        os.truncate(moved, 0)
        os.rename(moved, self.log)
        with open(self.log + ".1", "rb") as old:
            self.records += old.read().count(b"\n<")

    def ask(self):
        """By a certificate that it has to read again."""
        os.utime(self.server.cert)
        client = self.connect(self.address, self.credentials)
        self.assert_ok(client.check())
        self.assertEqual(client.pods(), ["kitchen"])
        client.close()

    def kill(self):
        worker = self.janusd.kill_worker()
        wait_until(lambda: self.janusd.worker_pid != worker, 15, "the next worker")
        wait_until(self.dial, 30, "it to serve")

    def test_it_does_not_wait_for_itself(self):
        self.guard_all()
        self.container_in.exec_detached(
            "while :; do head -c 1 /var/log/janusd.log; cat /data/recipe; done")
        crowd = openers.Crowd(self.box, READERS, self.root + "/data/recipe",
                              self.root + "/data/menu", self.free)
        self.addCleanup(crowd.close)
        for second in range(1, SECONDS + 1):
            crowd.run_for(1)
            self.rotate()
            if second % KILL_EACH == 0:
                self.kill()
            self.ask()
            crowd.wait_for_more(2)
        self.finish(crowd, f"janusd in the root that it guards, {SECONDS} s")
        print(f"  {self.records} records in logs that were rotated", flush=True)
        self.assertGreater(self.records, SECONDS)
        self.assert_denied(self.container_in.run("cat /data/recipe"))
        self.assert_allowed(self.container_in.run("cat /data/menu"), "soup")
        self.assertEqual(self.janusd.stop(), 0)
        self.assert_allowed(self.container_in.run("cat /data/recipe"), "salt")


if __name__ == "__main__":
    main(runtime.require)
