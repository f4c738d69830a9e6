# SPDX-License-Identifier: MIT
"""The state file: guards made over gRPC survive the end of all of janusd, and nothing else does."""

import ctypes
import os
import re
import signal
import struct
import subprocess
import time
import zlib

import runtime
import sandbox
import tree
from case import EPERM, Case, main
from daemon import program
from manifest_files import Files
from sandbox import wait_until

IN_FORCE = r"(\d+) guards are in force again, (\d+) have ended, (\d+) are lost"
WRITTEN_AGAIN = r"state file: '.*' is written again"
FAILED = r"state file: '.*' cannot be (written|made): No space left on device"
IN_MOVED_TO, IN_CLOEXEC, IN_NONBLOCK = 0x80, 0o2000000, 0o4000
CRC_AT, BOOT_AT = 12, 36


class Renames:
    """How often something was put into its place in a folder."""

    def __init__(self, folder):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(IN_CLOEXEC | IN_NONBLOCK)
        assert libc.inotify_add_watch(self.fd, os.fsencode(folder), IN_MOVED_TO) >= 0

    def take(self):
        names = []
        try:
            while True:
                data, at = os.read(self.fd, 65536), 0
                while at < len(data):
                    length = struct.unpack_from("iIII", data, at)[3]
                    names.append(data[at + 16:at + 16 + length].rstrip(b"\0").decode())
                    at += 16 + length
        except BlockingIOError:
            return names

    def close(self):
        os.close(self.fd)


class State(Files, Case):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        self.place = self.box.folder(self.unique("state"))
        self.state = os.path.join(self.place, "guards.state")
        self.goal = self.target({f"/data/{name}": name + "\n" for name in "abcd"})
        self.prepare(state_file=self.state)

    def denied(self):
        return "".join(name for name in "abcd"
                       if self.goal.run(f"cat /data/{name}").status != 0)

    def guard(self, name, *deny, **fields):
        self.create("", pid=[self.goal.pid], name=name, deny=[f"/data/{one}" for one in deny],
                    **fields)

    def destroy(self, name):
        self.assert_ok(self.client.destroy(self.client.config(nodeName="node-1", name=name)))

    def read(self):
        """Empty: it is not there yet."""
        try:
            with open(self.state, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return b""

    def has(self, name):
        """The guards' own bytes have their names."""
        return b"\x0a" + bytes([len(name)]) + name.encode() in self.read()

    def end(self):
        self.assertEqual(self.janusd.stop(), 0)

    def next(self):
        """Another janusd. Return: how many guards it has back, how many have ended, are lost."""
        self.start()
        line = self.janusd.wait_line(IN_FORCE)[0]
        return tuple(map(int, re.search(IN_FORCE, line).groups()))

    def check_config(self):
        return subprocess.run([program("janusd"), "--check-config", "--config", self.config],
                              capture_output=True, text=True, timeout=30, check=False)


class Survives(State):
    def test_an_orderly_end(self):
        self.start()
        self.guard("one", "a")
        self.guard("two", "b")
        generation = self.assert_ok(self.reload()).message.generation
        self.end()
        self.assertEqual(self.denied(), "")
        self.assertEqual(os.stat(self.state).st_mode & 0o7777, 0o600)
        self.assertEqual(self.next(), (2, 0, 0))
        self.assertEqual(self.denied(), "ab")
        self.assertEqual(len(self.client.state()), 2)
        self.assertGreaterEqual(self.assert_ok(self.reload()).message.generation, generation)
        self.destroy("one")
        self.assertEqual(self.denied(), "b")

    def test_the_death_of_both_processes(self):
        self.start()
        self.guard("one", "a")
        wait_until(lambda: self.has("one"), 20, "the guard in the file")
        self.janusd.kill()
        self.assertEqual(self.denied(), "")
        self.assertEqual(self.next(), (1, 0, 0))
        self.assertEqual(self.denied(), "a")

    def test_deletion_survives_too(self):
        self.start()
        self.guard("one", "a")
        self.guard("two", "b")
        wait_until(lambda: self.has("one") and self.has("two"), 20, "both in the file")
        self.destroy("one")
        wait_until(lambda: not self.has("one"), 20, "one of them out of it")
        self.janusd.kill()
        self.assertEqual(self.next(), (1, 0, 0))
        self.assertEqual(self.denied(), "b")

    def test_the_death_of_a_worker_changes_nothing_in_it(self):
        self.start()
        self.guard("one", "a")
        self.janusd.kill_worker()
        self.janusd.wait_line(r"^janusd: ready$", count=2, timeout=30)
        self.client = self.connect(self.janusd.address)
        self.guard("two", "b")
        self.end()
        self.assertEqual(self.next(), (2, 0, 0))
        self.assertEqual(self.denied(), "ab")

    def test_what_is_guarded_has_ended_meanwhile(self):
        other = self.target({"/data/x": "x\n"})
        self.start()
        self.guard("one", "a")
        self.create("", pid=[other.pid], name="two", deny=["/data/x"])
        self.end()
        other.process.kill()
        other.process.wait()
        self.assertEqual(self.next(), (1, 1, 0))
        self.janusd.wait_line(r"guard 'two' \(:node-1\): process '\d+' has ended")
        wait_until(lambda: not self.has("two"), 20, "its guard out of the file")

    def test_another_boot_has_other_processes(self):
        self.start()
        self.guard("one", "a")
        self.end()
        self.boot()
        self.assertEqual(self.next(), (0, 1, 0))
        self.assertEqual(self.denied(), "")

    def boot(self):
        """The file as if it was written before the machine was started again."""
        data = bytearray(self.read())
        data[BOOT_AT] ^= 1
        data[CRC_AT:CRC_AT + 4] = bytes(4)
        data[CRC_AT:CRC_AT + 4] = struct.pack("=I", zlib.crc32(data))
        with open(self.state, "wb") as file:
            file.write(data)

    def apply(self, name, cid, **fields):
        guard = {"name": name, "pod": "p", "targets": [{"container": cid}], "subjects": [
            {"deny": ["/data/menu"], "events": ["EVENT_KIND_OPEN"]}], **fields}
        request = self.client.protos["janus.v1.ApplyGuardRequest"](guard=guard)
        self.assert_ok(self.client.call("/janus.v1.GuardService/ApplyGuard", request))

    def test_after_a_boot_who_waits_for_containers_goes_on_waiting(self):
        cid = runtime.new_id()
        roots = [tree.on_tmpfs(self.box, self.unique("c")) for _ in range(2)]
        for root in roots:
            tree.write(root, "/data/menu", "soup\n")
        before = self.container(roots[0], cid=cid)
        self.start()
        self.apply("waits", cid, wait_ms=600000)
        self.apply("does-not", cid)
        self.assert_denied(before.run("cat /data/menu"))
        self.end()
        before.close()
        self.boot()
        self.assertEqual(self.next(), (1, 1, 0))
        after = self.container(roots[1], cid=cid)
        wait_until(lambda: EPERM in after.run("cat /data/menu").output, 20, "its guard")
        self.assertTrue(self.has("waits"))
        wait_until(lambda: not self.has("does-not"), 20, "the other one out of the file")

    def test_guards_of_files_are_not_in_it(self):
        self.manifest("of-file", self.goal.pid, "/data/a")
        self.start()
        self.guard("of-rpc", "b")
        wait_until(lambda: self.has("of-rpc"), 20, "the guard in the file")
        self.assertFalse(self.has("of-file"))
        self.end()
        self.assertFalse(self.has("of-file"))
        os.unlink(os.path.join(self.folder, "of-file.json"))
        self.assertEqual(self.next(), (1, 0, 0))
        self.assertEqual(self.denied(), "b")


class Refuses(State):
    def spoil(self, offset):
        self.start()
        self.guard("one", "a")
        self.end()
        data = bytearray(self.read())
        data[offset] ^= 0x20
        with open(self.state, "wb") as file:
            file.write(data)
        return bytes(data)

    def refused(self, *words):
        janusd = self.start_janusd("--config", self.config, wait=False)
        line = janusd.wait_line("error: state file: ")[0]
        self.assertEqual(janusd.wait_exit(20), 1)
        check = self.check_config()
        self.assertEqual(check.returncode, 1, check)
        for word in [self.state, "move it away", *words]:
            self.assertIn(word, line)
            self.assertIn(word, check.stderr)
        self.assertEqual(self.denied(), "")

    def test_a_spoilt_file_which_stays_as_it_is(self):
        data = self.spoil(-1)
        before = os.stat(self.state)
        self.refused(f"{self.state}: byte {CRC_AT}: the sum is another one")
        after = os.stat(self.state)
        self.assertEqual(self.read(), data)
        self.assertEqual((before.st_ino, before.st_mtime_ns), (after.st_ino, after.st_mtime_ns))
        self.assertEqual(os.listdir(self.place), ["guards.state"])
        os.rename(self.state, self.state + ".spoilt")
        self.assertEqual(self.check_config().returncode, 0)
        self.start()
        self.assertEqual(self.client.state(), [])

    def test_another_version(self):
        self.spoil(8)
        self.refused("byte 8: it is of a version that this janusd does not know")

    def test_one_that_is_cut_off(self):
        self.spoil(-1)
        os.truncate(self.state, len(self.read()) - 1)
        self.refused("byte 16: the file is cut off")

    def test_one_that_others_may_write_to(self):
        self.start()
        self.end()
        os.chmod(self.state, 0o666)
        self.refused("may be written to by others")


class Writes(State):
    def fill(self):
        """Return: a file that takes all room there is."""
        path = os.path.join(self.place, "ballast")
        with open(path, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        return path

    def test_a_full_disk_is_told_once_and_mended(self):
        sandbox.mount("janus-state", self.place, "tmpfs", "size=64k,mode=700")
        self.addCleanup(sandbox.umount, self.place)
        self.start()
        self.guard("one", "a")
        wait_until(lambda: self.has("one"), 20, "the file")
        ballast = self.fill()
        self.guard("two", "b")
        self.janusd.wait_line(FAILED, timeout=20)
        self.assertEqual(self.denied(), "ab")
        self.assertTrue(self.has("one"), "the file is there as it was")
        self.assertEqual(sorted(os.listdir(self.place)), ["ballast", "guards.state"])
        os.unlink(ballast)
        self.janusd.wait_line(WRITTEN_AGAIN, timeout=20)
        self.assertTrue(self.has("two"))
        self.assertEqual(len(self.janusd.wait_line(FAILED)), 1)
        self.janusd.kill()
        self.assertEqual(self.next(), (2, 0, 0))

    def test_changes_that_come_together_are_one_write(self):
        self.start()
        wait_until(lambda: os.path.exists(self.state), 20, "the first write")
        renames = Renames(self.place)
        self.addCleanup(renames.close)
        begin = time.monotonic()
        method = self.client.channel.unary_unary("/janus.Janusd/CreateGuard")
        calls = [method.future(self.client.guard(
            "", pid=[self.goal.pid], name=f"guard-{i:02}",
            deny=["/data/a"]).SerializeToString(), timeout=30) for i in range(50)]
        for call in calls:
            call.result()
        wait_until(lambda: all(self.has(f"guard-{i:02}") for i in range(50)), 20,
                   "all of them in the file")
        passed = time.monotonic() - begin
        names = renames.take()
        self.assertEqual(set(names), {"guards.state"})
        self.assertLessEqual(len(names), 2 + passed * 5, "five a second, however slow it is")
        self.janusd.kill()
        self.assertEqual(self.next(), (50, 0, 0))

    def test_what_a_killed_process_has_left_is_no_obstacle(self):
        with open(self.state + ".new", "wb") as file:
            file.write(b"half")
        self.start()
        self.guard("one", "a")
        wait_until(lambda: self.has("one"), 20, "the file")
        self.end()
        self.assertEqual(os.listdir(self.place), ["guards.state"])

    def test_a_handover_goes_on_with_the_same_guards(self):
        self.start()
        self.guard("one", "a")
        os.kill(self.janusd.pid, signal.SIGUSR2)
        self.janusd.wait_line(r"handover number 1 is done", timeout=60)
        self.client = self.connect(self.janusd.address)
        self.assertEqual(self.denied(), "a")
        self.guard("two", "b")
        wait_until(lambda: self.has("one") and self.has("two"), 20, "both in the file")
        self.end()
        self.assertEqual(self.next(), (2, 0, 0))


if __name__ == "__main__":
    main(runtime.require)
