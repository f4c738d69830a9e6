# SPDX-License-Identifier: MIT
"""Requests byte by byte: the contract's field numbers, and what no honest client sends."""

import os

from case import Case, main
from rpc import SERVICE
import wire

CREATE = SERVICE + "CreateGuard"
MIB = 1 << 20


class Contract(Case):
    """Encoded and decoded by hand, without the project's .proto files."""

    def test_create_and_state_and_destroy(self):
        target = self.target({"/data/menu": "soup\n", "/data/recipe": "salt\n"})
        request = wire.config(
            "guard", "node-1", "kitchen", pids=[target.pid],
            subjects=[wire.subject(allow=["/data/menu"], tags=[("meal", "lunch")]),
                      wire.subject(deny=["/data/recipe"], event=["all"])],
            log_format="{response} {path} {tags}")
        answer = self.client.call(CREATE, request)
        self.assert_ok(answer)
        handle = [(1, 2, b"node-1"), (2, 2, b"kitchen"), (3, 2, wire.varint(target.pid))]
        self.assertEqual(wire.decode(answer.message), handle)
        self.assert_allowed(target.run("cat /data/menu"), "soup")
        self.assert_denied(target.run("cat /data/recipe"))
        self.janusd.wait_line("^ALLOW /data/menu meal=lunch$")
        self.janusd.wait_line("^DENY /data/recipe ?$")
        stream = self.client.channel.unary_stream(SERVICE + "GetGuardState")(b"", timeout=10)
        self.assertEqual([wire.decode(one) for one in stream], [handle])
        gone = self.client.call(SERVICE + "DestroyGuard",
                                wire.config(node="node-1", pod="kitchen"))
        self.assert_ok(gone)
        self.assertEqual(gone.message, b"")
        self.assertEqual(self.client.pods(), [])

    def test_pids_may_come_unpacked(self):
        target = self.target({"/data/recipe": "salt\n"})
        request = (wire.config("guard", "node-1", "kitchen") + wire.number(4, target.pid)
                   + wire.text(6, wire.subject(deny=["/data/recipe"])))
        self.assert_ok(self.client.call(CREATE, request))
        self.assert_denied(target.run("cat /data/recipe"))

    def test_flags_have_their_numbers(self):
        target = self.target({"/data/recipe": "salt\n", "/data/shelf/spice": "pepper\n"})
        answer = self.client.call(CREATE, wire.config(
            "guard", "node-1", "kitchen", pids=[target.pid],
            subjects=[wire.subject(deny=["/data/recipe", "/data/shelf"], only_dir=True,
                                   auto_allow_owner=True)]))
        self.assert_ok(answer)
        self.assertEqual(answer.trailing["janus-skipped"], "1")
        self.assert_allowed(target.run("cat /data/shelf/spice"), "pepper")
        self.janusd.wait_record("<ALLOW> OPEN_PERM file '/data/shelf/spice'")

    def test_unknown_fields_are_passed_over(self):
        target = self.target({"/data/recipe": "salt\n"})
        later = wire.text(99, "of a later version") + wire.number(98, 7)
        request = wire.config(
            "guard", "node-1", "kitchen", pids=[target.pid],
            subjects=[wire.subject(deny=["/data/recipe"], extra=later)]) + later
        self.assert_ok(self.client.call(CREATE, request))

    def test_of_a_tag_given_twice_the_last_one_counts(self):
        target = self.target({"/data/recipe": "salt\n"})
        self.assert_ok(self.client.call(CREATE, wire.config(
            "guard", "node-1", "kitchen", pids=[target.pid],
            subjects=[wire.subject(deny=["/data/recipe"],
                                   tags=[("k", "first"), ("a", "1"), ("k", "last")])])))
        target.run("cat /data/recipe")
        self.janusd.wait_line("^<DENY> .* a=1,k=last$")


class Hostile(Case):
    def refused(self, request, code, *words):
        answer = self.client.call(CREATE, request)
        self.assert_code(answer, code, *words)
        self.assertTrue(answer.details.isprintable(), answer.details)
        self.assertEqual(self.client.pods(), [])
        self.assertTrue(self.janusd.alive())
        return answer

    def test_strings_that_are_no_utf8(self):
        for bad in (b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"ok\xe2\x82"):
            path = b"/data/" + bad
            cases = {
                "name": wire.config(bad, "node-1", "p", [1], subjects=[wire.subject(["/a"])]),
                "nodeName": wire.config("n", bad, "p", [1], subjects=[wire.subject(["/a"])]),
                "podName": wire.config("n", "node-1", bad, [1],
                                       subjects=[wire.subject(["/a"])]),
                "cid[1]": wire.config("n", "node-1", "p", cids=["a" * 64, bad],
                                      subjects=[wire.subject(["/a"])]),
                "logFormat": wire.config("n", "node-1", "p", [1], log_format=bad,
                                         subjects=[wire.subject(["/a"])]),
                "subject[0].deny[1]": wire.config(
                    "n", "node-1", "p", [1], subjects=[wire.subject(deny=["/a", path])]),
                "subject[1].allow[0]": wire.config(
                    "n", "node-1", "p", [1],
                    subjects=[wire.subject(["/a"]), wire.subject(allow=[path])]),
                "subject[0].event[0]": wire.config(
                    "n", "node-1", "p", [1], subjects=[wire.subject(["/a"], event=[bad])]),
                "subject[0].tags": wire.config(
                    "n", "node-1", "p", [1],
                    subjects=[wire.subject(["/a"], tags=[("k", bad)])]),
            }
            for field, request in cases.items():
                with self.subTest(field=field, bad=bad):
                    self.refused(request, "INVALID_ARGUMENT", field, "UTF-8")

    def test_strings_that_hold_a_nul(self):
        target = self.target({"/data/recipe": "salt\n"})
        for field, request in {
                "subject[0].deny[0]": wire.config(
                    "n", "node-1", "p", [target.pid],
                    subjects=[wire.subject(deny=[b"/data/recipe\0.txt"])]),
                "podName": wire.config("n", "node-1", b"kit\0chen", [target.pid],
                                       subjects=[wire.subject(deny=["/data/recipe"])]),
                "cid[0]": wire.config("n", "node-1", "p", cids=[b"a" * 64 + b"\0"],
                                      subjects=[wire.subject(deny=["/data/recipe"])]),
        }.items():
            with self.subTest(field=field):
                self.refused(request, "INVALID_ARGUMENT", field, "NUL")
        self.assert_allowed(target.run("cat /data/recipe"), "salt")

    def test_bytes_that_are_no_message(self):
        for bad in (b"\x0a", b"\x0a\xff\xff\xff\xff\x0f", b"\x0b", b"\xff" * 20, b"\x00\x01",
                    wire.text(6, b"\x0a\x7f"), wire.number(1, 5)):
            with self.subTest(bad=bad):
                self.refused(bad, "INVALID_ARGUMENT")

    def test_no_bytes_at_all(self):
        self.refused(b"", "INVALID_ARGUMENT", "name")

    def test_a_request_of_more_than_a_mebibyte(self):
        self.refused(wire.config("n" * (MIB + 1), "node-1", "p"), "RESOURCE_EXHAUSTED")

    def test_a_mebibyte_of_empty_map_entries(self):
        flood = wire.text(7, b"") * ((MIB - 4096) // 2)
        request = wire.config("n", "node-1", "p", [1],
                              subjects=[wire.subject(["/a"], extra=flood)])
        self.assertLess(len(request), MIB)
        before = self.resident_kib()
        answer = self.client.call(CREATE, request)
        self.assertIn(answer.name, ("RESOURCE_EXHAUSTED", "INVALID_ARGUMENT"), answer)
        if not os.environ.get("JANUS_SANITIZE"):  # a sanitizer keeps what was freed
            self.assertLess(self.resident_kib() - before, 32 * 1024)
        self.assertEqual(self.client.pods(), [])

    def test_a_mebibyte_of_empty_subjects_and_strings(self):
        for field in (4, 5, 6):
            one = wire.number(4, 1) if field == 4 else wire.text(field, b"")
            request = wire.config("n", "node-1", "p") + one * ((MIB - 4096) // len(one))
            with self.subTest(field=field):
                answer = self.client.call(CREATE, request)
                self.assertIn(answer.name, ("RESOURCE_EXHAUSTED", "INVALID_ARGUMENT"), answer)
        self.assertEqual(self.client.pods(), [])

    def test_values_in_messages_are_escaped(self):
        answer = self.refused(
            wire.config("n", "node-1", "p", [1],
                        subjects=[wire.subject(["/a"], event=["a\nb\x1b[31m\u202e"])]),
            "INVALID_ARGUMENT", "subject[0].event[0]")
        self.assertIn("a\\nb\\x1b", answer.details)

    def test_metadata_beyond_its_limit(self):
        stub = self.client.channel.unary_unary("/grpc.health.v1.Health/Check")
        with self.assertRaises(Exception) as caught:
            stub(b"", metadata=[("padding", "x" * 40000)], timeout=10)
        self.assertEqual(caught.exception.code().name, "RESOURCE_EXHAUSTED")
        # The connection may have ended with it; the daemon may not.
        self.assert_ok(self.connect(self.janusd.address).check())

    def resident_kib(self):
        with open(f"/proc/{self.janusd.worker_pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1])
        raise AssertionError("no VmHWM")


if __name__ == "__main__":
    main()
