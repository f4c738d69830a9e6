# SPDX-License-Identifier: MIT
"""Node (@grpc/grpc-js) against janusd: node/client.js does the talking."""

import os
import shutil
import subprocess

from case import Case, main
from certs import Authority
import rpc
import sandbox

HERE = os.path.dirname(os.path.abspath(__file__))


def require():
    if not shutil.which("node"):
        sandbox.skip("needs node")
    folder = os.environ.get("NODE_PATH", "")
    if not os.path.isdir(os.path.join(folder, "@grpc", "grpc-js")):
        sandbox.skip(f"needs @grpc/grpc-js in NODE_PATH={folder!r} (node/install.sh)")


class Node(Case):
    janusd_flags = None

    def test_every_rpc_with_deadline_cancel_and_mtls(self):
        authority = Authority(self.box.folder("tls"), "authority")
        server, caller = authority.sign("server"), authority.sign("caller")
        foreigner = Authority(self.box.folder("tls-foreign"), "stranger").sign("foreigner")
        plain = "unix:" + self.box.folder("node") + "/s"
        janusd = self.start_janusd(
            "-tls", "-tlscafile", authority.cert, "-tlscertfile", server.cert,
            "-tlskeyfile", server.key, listen=["127.0.0.1:0", plain])
        tls = next(address for address, kind in janusd.bound() if kind == "mtls")
        target = self.target({"/data/menu": "soup\n", "/data/recipe": "salt\n"})
        done = subprocess.run(
            ["node", os.path.join(HERE, "node", "client.js")], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
            check=False, env={
                **os.environ, "PROTO": os.path.realpath(rpc.PROTO), "ADDRESS": plain,
                "PID": str(target.pid), "TLS": "localhost:" + tls.rsplit(":", 1)[1],
                "CA": authority.cert, "CERT": caller.cert, "KEY": caller.key,
                "FOREIGN_CERT": foreigner.cert, "FOREIGN_KEY": foreigner.key})
        print(done.stdout, flush=True)
        self.assertEqual(done.returncode, 0)
        self.assertIn("all 15 steps", done.stdout)
        self.assert_denied(target.run("cat /data/recipe"))
        self.assert_allowed(target.run("cat /data/menu"), "soup")
        janusd.wait_line("^<DENY> OPEN_PERM file '/data/recipe' .*from=node$")
        janusd.wait_line("^<ALLOW> OPEN_PERM file '/data/menu' .*from=node$")


if __name__ == "__main__":
    main(require)
