# SPDX-License-Identifier: MIT
"""Who may call what over TLS: names of certificates against the list of clients."""

import json
import os

from case import Case, main
from certs import Authority, Pair, openssl
from rpc import grpc

SPIFFE = "spiffe://cluster/ns/janus/sa/controller"


class Clients(Case):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        self.folder = self.box.folder(self.unique("clients"))
        self.authority = Authority(self.folder, "authority")
        self.server = self.authority.sign("server")

    def certificate(self, name, *names):
        """With no name of a host, but with those that are given."""
        pair = Pair(self.folder, name)
        request, extra = (os.path.join(self.folder, name + end) for end in (".csr", ".ext"))
        with open(extra, "w", encoding="ascii") as file:
            file.write("subjectAltName=" + ",".join(names) + "\n" if names else
                       "keyUsage=digitalSignature\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", f"/CN={name}", "-keyout", pair.key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.authority.cert, "-CAkey",
                self.authority.key, "-CAcreateserial", "-days", "2", "-extfile", extra,
                "-out", pair.cert)
        return pair

    def write_config(self, *clients, **settings):
        self.config = os.path.join(self.folder, "janusd.json")
        with open(self.config, "w", encoding="ascii") as file:
            json.dump({"clients": clients, **settings}, file)

    def serve(self, *clients, tls=True):
        self.write_config(*clients)
        flags = ("-tlscafile", self.authority.cert, "-tlscertfile", self.server.cert,
                 "-tlskeyfile", self.server.key) if tls else ()
        path = "unix:" + self.box.folder(self.unique("beside")) + "/s"
        self.janusd = self.start_janusd("--config", self.config, *flags,
                                        listen=["127.0.0.1:0", path])
        (self.address, _), (self.local, _) = self.janusd.bound()

    def dial(self, pair):
        with open(self.authority.cert, "rb") as file:
            root = file.read()
        cert, key = pair.read()
        return self.connect(self.address, grpc.ssl_channel_credentials(root, key, cert))

    def destroy(self, client):
        return client.destroy(client.config(nodeName="node-1", podName="nobody"))

    def assert_may_write(self, client):
        self.assertNotEqual(self.destroy(client).name, "PERMISSION_DENIED")

    def assert_may_not_write(self, client, *words):
        mark = self.janusd.mark()
        self.assert_code(self.destroy(client), "PERMISSION_DENIED", *words)
        self.janusd.wait_line("^janusd: audit: janus.Janusd/DestroyGuard guard=- pod=- by=.*"
                              "127.0.0.1:.* result=PERMISSION_DENIED$", since=mark)

    def test_each_kind_of_name(self):
        self.serve({"name": "CN:by-cn", "classes": ["read", "write"]},
                   {"name": "DNS:*.janus.example", "classes": ["read", "write"]},
                   {"name": "URI:" + SPIFFE, "classes": ["read", "write"]})
        for name, names in (("by-cn", ()), ("a", ("DNS:controller.janus.example",)),
                            ("b", ("URI:" + SPIFFE,)),
                            ("c", ("DNS:first.example", "DNS:second.janus.example"))):
            with self.subTest(name=name):
                client = self.dial(self.certificate(name, *names))
                self.assert_ok(client.check())
                self.assert_may_write(client)

    def test_who_is_not_listed_is_told_as_whom_he_was_seen(self):
        self.serve({"name": "CN:somebody-else", "classes": ["read", "write"]})
        client = self.dial(self.certificate("me", "DNS:me.example", "URI:" + SPIFFE))
        seen = ("CN:me", "DNS:me.example", "URI:" + SPIFFE, "127.0.0.1:")
        self.assert_code(client.check(), "PERMISSION_DENIED", *seen)
        self.assert_may_not_write(client, *seen)
        with self.assertRaises(grpc.RpcError) as caught:
            client.pods()
        self.assertEqual(caught.exception.code().name, "PERMISSION_DENIED")

    def test_a_reader_changes_nothing(self):
        self.serve({"name": "CN:reader", "classes": ["read"]},
                   {"name": "CN:writer", "classes": ["write"]})
        target = self.target({"/data/recipe": "salt\n"})
        reader = self.dial(self.certificate("reader"))
        writer = self.dial(self.certificate("writer"))
        self.assert_code(reader.create(reader.guard(
            "kitchen", pid=[target.pid], deny=["/data/recipe"])), "PERMISSION_DENIED")
        self.assert_allowed(target.run("cat /data/recipe"), "salt")
        self.assertEqual(reader.pods(), [])
        self.assert_code(writer.check(), "PERMISSION_DENIED", "CN:writer")
        self.assert_ok(writer.create(writer.guard(
            "kitchen", pid=[target.pid], deny=["/data/recipe"])))
        self.assert_may_not_write(reader)
        self.assertEqual(reader.pods(), ["kitchen"])
        self.assert_denied(target.run("cat /data/recipe"))

    def test_the_sockets_mode_is_its_list(self):
        self.serve({"name": "CN:x", "classes": ["read"]})
        self.assert_may_write(self.connect(self.local))

    def test_users_of_the_socket(self):
        self.serve({"uid": os.geteuid(), "classes": ["read"]})
        client = self.connect(self.local)
        self.assert_ok(client.check())
        self.assert_code(self.destroy(client), "PERMISSION_DENIED")
        for who in ({"uid": 12345}, {"gid": 0}):
            self.write_config({**who, "classes": ["read"]})
            janusd = self.start_janusd("--config", self.config, wait=False)
            self.assertEqual(janusd.wait_exit(), 2)
            self.assertIn("mode 0600", "\n".join(janusd.snapshot()))

    def test_plaintext_shows_no_name(self):
        self.serve({"name": "CN:x", "classes": ["read", "write"]}, tls=False)
        client = self.connect(self.address)
        self.assert_code(client.check(), "PERMISSION_DENIED", "no certificate")
        self.assert_may_not_write(client)

    def test_the_audit_line_names_the_certificate(self):
        self.serve({"name": "CN:writer", "classes": ["write"]})
        self.destroy(self.dial(self.certificate("writer")))
        self.janusd.wait_line(r"^janusd: audit: janus.Janusd/DestroyGuard guard='' pod='nobody'"
                              r" by=CN:writer@127\.0\.0\.1:\d+ result=")

    def test_nothing_is_older_than_tls_1_2(self):
        self.serve()
        for version, expected in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
            self.assertEqual(self.handshakes(version), expected, version)

    def handshakes(self, version):
        """With the weakest that the client can, so that it is the server who refuses."""
        pair = self.certificate("caller")
        try:
            openssl("s_client", "-connect", self.address, version, "-cipher",
                    "ALL:@SECLEVEL=0", "-alpn", "h2", "-cert", pair.cert, "-key", pair.key,
                    "-CAfile", self.authority.cert, "-verify_return_error")
        except AssertionError as refused:
            self.assertRegex(str(refused), "protocol version|alert|unexpected eof")
            return False
        return True


if __name__ == "__main__":
    main()
