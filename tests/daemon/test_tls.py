# SPDX-License-Identifier: MIT
"""mTLS: who is let in, how the flags are written, and certificates that change."""

import socket
import ssl

from case import Case, main
from certs import Authority
from rpc import grpc
from sandbox import wait_until


class Tls(Case):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        folder = self.box.folder(self.unique("tls"))
        self.authority = Authority(folder, "authority")
        self.stranger = Authority(folder, "stranger")
        self.server = self.authority.sign("server")
        self.caller = self.authority.sign("caller")
        self.foreigner = self.stranger.sign("foreigner")

    def flags(self):
        return ("-tls", "-tlscafile", self.authority.cert, "-tlscertfile", self.server.cert,
                "-tlskeyfile", self.server.key)

    def serve(self, *flags):
        janusd = self.start_janusd(*(flags or self.flags()), listen=["127.0.0.1:0"])
        (address, kind), = janusd.bound()
        self.assertEqual(kind, "mtls")
        return janusd, address

    def credentials(self, pair=None, authority=None):
        with open((authority or self.authority).cert, "rb") as file:
            root = file.read()
        cert, key = pair.read() if pair else (None, None)
        return grpc.ssl_channel_credentials(root, key, cert)

    def dial(self, address, pair=None, authority=None):
        return self.connect(address, self.credentials(pair, authority))

    def presented(self, address):
        """The server's certificate in a handshake of its own."""
        context = ssl.create_default_context(cafile=self.authority.cert)
        context.load_cert_chain(self.caller.cert, self.caller.key)
        context.set_alpn_protocols(["h2"])
        host, port = address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), 10) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                return secure.getpeercert()["subject"][0][0][1]


class Callers(Tls):
    def test_the_right_certificate(self):
        janusd, address = self.serve()
        client = self.dial(address, self.caller)
        target = self.target({"/data/recipe": "salt\n"})
        self.assert_ok(client.check())
        self.assert_ok(client.create(
            client.guard("kitchen", pid=[target.pid], deny=["/data/recipe"])))
        self.assert_denied(target.run("cat /data/recipe"))
        janusd.wait_record("<DENY> OPEN_PERM file '/data/recipe'")
        self.assertEqual(client.pods(), ["kitchen"])

    def test_who_is_not_let_in(self):
        janusd, address = self.serve()
        for who, pair in (("without a certificate", None), ("a foreigner", self.foreigner)):
            with self.subTest(who=who):
                client = self.dial(address, pair)
                self.assert_code(client.check(), "UNAVAILABLE")
                self.assert_code(client.create(client.guard("p", pid=[1], deny=["/x"])),
                                 "UNAVAILABLE")
        self.assert_code(self.connect(address).check(), "UNAVAILABLE")  # plaintext
        self.assert_ok(self.dial(address, self.caller).check())
        self.assertTrue(janusd.alive())

    def test_a_server_that_the_client_does_not_know(self):
        _, address = self.serve()
        self.assert_code(self.dial(address, self.caller, self.stranger).check(),
                         "UNAVAILABLE")


class Flags(Tls):
    def test_each_way_to_write_them(self):
        files = (("tlscafile", self.authority.cert), ("tlscertfile", self.server.cert),
                 ("tlskeyfile", self.server.key))
        ways = {
            "one dash": ["-tls"] + [word for name, path in files for word in ("-" + name, path)],
            "two dashes": ["--tls"] + [word for name, path in files
                                       for word in ("--" + name, path)],
            "equals": ["-tls"] + [f"-{name}={path}" for name, path in files],
            "files alone": [f"--{name}={path}" for name, path in files],
        }
        for way, words in ways.items():
            with self.subTest(way=way):
                janusd, address = self.serve(*words)
                self.assert_ok(self.dial(address, self.caller).check())
                self.assertEqual(janusd.stop(), 0)

    def test_files_that_do_not_do_are_refused(self):
        authority, cert, key = self.authority.cert, self.server.cert, self.server.key
        for why, (files, named) in {
                "missing": ((authority, cert + ".missing", key), cert + ".missing"),
                "no regular file": ((authority, cert, "/dev/null"), "/dev/null"),
                "another's key": ((authority, cert, self.caller.key), "TLS files"),
                "no certificate": ((key, cert, key), "TLS files")}.items():
            with self.subTest(why=why):
                janusd = self.start_janusd(
                    "-tlscafile", files[0], "-tlscertfile", files[1], "-tlskeyfile",
                    files[2], listen=["127.0.0.1:0"], wait=False)
                self.assertEqual(janusd.wait_exit(), 1)
                self.assertIn(named, "\n".join(janusd.snapshot()))

    def test_an_incomplete_set_is_wrong_usage(self):
        janusd = self.start_janusd("-tls", "-tlscafile", self.authority.cert, wait=False)
        self.assertEqual(janusd.wait_exit(), 2)
        self.assertIn("-tlscertfile", "\n".join(janusd.snapshot()))

    def test_the_socket_stays_plaintext_beside_tls(self):
        janusd = self.start_janusd(*self.flags(), listen=[
            "127.0.0.1:0", "unix:" + self.box.folder("beside") + "/s"])
        kinds = dict(janusd.bound())
        self.assertEqual(sorted(kinds.values()), ["mtls", "plaintext"])
        for address, kind in kinds.items():
            client = (self.dial(address, self.caller) if kind == "mtls"
                      else self.connect(address))
            self.assert_ok(client.check())

    def test_tls_listens_beyond_the_loopback(self):
        janusd = self.start_janusd(*self.flags(), listen=["0.0.0.0:0"])
        (address, kind), = janusd.bound()
        self.assertEqual(kind, "mtls")
        port = address.rsplit(":", 1)[1]
        self.assert_ok(self.dial("localhost:" + port, self.caller).check())


class Reload(Tls):
    def test_the_next_handshake_sees_new_files(self):
        _, address = self.serve()
        self.assertEqual(self.presented(address), "server")
        old = self.dial(address, self.caller)
        self.assert_ok(old.check())
        self.server.replace_by(self.authority.sign("renewed"))
        self.assertEqual(self.presented(address), "renewed")
        self.assert_ok(self.dial(address, self.caller).check())
        self.assert_ok(old.check())  # what is connected stays connected

    def test_bad_files_leave_the_last_good_pair(self):
        janusd, address = self.serve()
        mark = janusd.mark()
        with open(self.server.cert, "w", encoding="ascii") as file:
            file.write("no certificate\n")
        self.assertEqual(self.presented(address), "server")
        self.assert_ok(self.dial(address, self.caller).check())
        janusd.wait_line("^janusd: (error|warning): .*last good", since=mark)
        self.server.replace_by(self.authority.sign("repaired"))
        wait_until(lambda: self.presented(address) == "repaired", 10, "the new certificate")

    def test_a_key_that_does_not_fit_leaves_the_last_good_pair(self):
        janusd, address = self.serve()
        mark = janusd.mark()
        other = self.authority.sign("other")
        with open(other.key, "rb") as new, open(self.server.key, "wb") as file:
            file.write(new.read())
        self.assertEqual(self.presented(address), "server")
        self.assert_ok(self.dial(address, self.caller).check())
        janusd.wait_line("^janusd: (error|warning): .*last good", since=mark)

    def test_it_is_told_when_the_certificate_ends_soon(self):
        janusd, address = self.serve()
        line, = janusd.wait_line("^janusd: warning: TLS files: the certificate .* expires in")
        self.assertRegex(line, r"server\.crt' expires in [12] days and \d+ hours$")
        self.server.replace_by(self.authority.sign("lasting", days=30))
        mark = janusd.mark()
        self.assertEqual(self.presented(address), "lasting")
        self.server.replace_by(self.authority.sign("renewed"))
        self.assertEqual(self.presented(address), "renewed")
        janusd.wait_line("expires in [12] days", since=mark)

    def test_a_new_authority_for_the_callers(self):
        janusd, address = self.serve()
        self.assert_ok(self.dial(address, self.caller).check())
        with open(self.stranger.cert, "rb") as new, \
                open(self.authority.cert, "rb") as old:
            both = {"old": old.read(), "new": new.read()}
        with open(self.authority.cert, "wb") as file:
            file.write(both["new"])
        # The server's own certificate is still the first authority's.
        cert, key = self.foreigner.read()
        accepted = grpc.ssl_channel_credentials(both["old"], key, cert)
        self.assert_ok(self.connect(address, accepted).check())
        cert, key = self.caller.read()
        refused = grpc.ssl_channel_credentials(both["old"], key, cert)
        self.assert_code(self.connect(address, refused).check(), "UNAVAILABLE")
        self.assertTrue(janusd.alive())


if __name__ == "__main__":
    main()
