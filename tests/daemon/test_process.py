# SPDX-License-Identifier: MIT
"""The process: its command line, its addresses, its end, and a stderr that nobody reads."""

import os
import signal
import stat
import subprocess

from case import Case, main
from daemon import program
import sandbox
from sandbox import wait_until

NAMES = 2000


class CommandLine(Case):
    janusd_flags = None

    def run_janusd(self, *words):
        return subprocess.run([program("janusd"), *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=20, check=False)

    def test_help_and_version(self):
        for dash in ("-", "--"):
            told = self.run_janusd(dash + "help")
            self.assertEqual((told.returncode, told.stderr), (0, ""))
            for flag in ("--config", "--check-config", "--listen", "--node", "-tls",
                         "-tlscafile", "-tlscertfile",
                         "-tlskeyfile", "--insecure-any-address", "--deadline",
                         "--on-failure", "--lifeline", "--keep-guarding",
                         "--handover", "--no-seccomp"):
                self.assertIn(flag, told.stdout)
            told = self.run_janusd(dash + "version")
            self.assertEqual((told.returncode, told.stderr), (0, ""))
            self.assertRegex(told.stdout, r"^janusd \d+\.\d+\.\d+\n$")

    def test_wrong_usage_exits_with_two_and_names_the_word(self):
        for words, named in ((["--never"], "--never"), (["surplus"], "surplus"),
                             (["--listen"], "--listen"), (["--node", ""], "node"),
                             (["--tls=yes"], "--tls=yes"), (["-x"], "-x"),
                             (["--deadline", "1"], "--deadline"),
                             (["--on-failure", "shrug"], "shrug"),
                             (["--handover", "--listen", "x"], "x"),
                             (["--can-adopt", "2"], "--can-adopt"),
                             (["--can-adopt", "1", "--never"], "--never"),
                             (["--can-adopt", "1", "--listen", "x"], "x")):
            with self.subTest(words=words):
                told = self.run_janusd(*words)
                self.assertEqual(told.returncode, 2, told)
                self.assertIn(named, told.stderr)
                self.assertEqual(told.stdout, "")

    def test_what_a_running_one_asks(self):
        told = self.run_janusd("--can-adopt=1", "--listen", "unix:/nowhere/at/all/s",
                               "--keep-guarding")
        self.assertEqual((told.returncode, told.stdout, told.stderr), (0, "", ""))

    def test_without_the_right_to_guard_it_does_not_start(self):
        told = subprocess.run(["setpriv", "--bounding-set=-sys_admin",
                               "--inh-caps=-sys_admin", program("janusd"), "--listen",
                               f"unix:/tmp/janusd-powerless-{os.getpid()}"],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              timeout=20, check=False)
        self.assertEqual(told.returncode, 1, told)
        self.assertIn("cannot start guarding", told.stderr)
        self.assertIn("CAP_SYS_ADMIN is needed", told.stderr)
        self.assertEqual(told.stdout, "")

    def test_addresses_that_cannot_be_listened_on(self):
        for address in ("unix:", "unix:/" + "x" * 200, "unix:relative", "nonsense",
                        "127.0.0.1:99999", "127.0.0.1:", ":50051", "192.0.2.1:0",
                        "unix:/nowhere/at/all/s"):
            with self.subTest(address=address):
                told = self.run_janusd("--listen", address, "--insecure-any-address")
                self.assertIn(told.returncode, (1, 2), told)
                self.assertIn(address.removeprefix("unix:")[:40], told.stderr)

    def test_plaintext_beyond_the_loopback_is_refused(self):
        for address in ("0.0.0.0:0", "[::]:0"):
            with self.subTest(address=address):
                told = self.run_janusd("--listen", address)
                self.assertIn(told.returncode, (1, 2), told)
                self.assertIn(address, told.stderr)
                self.assertIn("--insecure-any-address", told.stderr)

    def test_plaintext_anywhere_where_it_is_insisted_on(self):
        janusd = self.start_janusd("--insecure-any-address", listen=["0.0.0.0:0"])
        (address, kind), = janusd.bound()
        self.assertEqual(kind, "plaintext")
        client = self.connect("127.0.0.1:" + address.rsplit(":", 1)[1])
        self.assert_ok(client.check())


class Addresses(Case):
    janusd_flags = None

    def test_several_at_once_with_their_real_ports(self):
        path = "unix:" + self.box.folder("several") + "/s"
        janusd = self.start_janusd(listen=["127.0.0.1:0", "[::1]:0", path])
        bound = [address for address, _ in janusd.bound()]
        self.assertEqual(len(bound), 3)
        self.assertEqual(bound[2], path)
        for address in bound:
            self.assertNotRegex(address, ":0$")
            self.assert_ok(self.connect(address).check())

    def test_the_defaults(self):
        sandbox.mount("janus-run", "/run", "tmpfs", "mode=755")
        self.addCleanup(sandbox.umount, "/run")
        janusd = self.start_janusd(listen=())
        bound = dict(janusd.bound())
        self.assertEqual(bound.pop("unix:/run/janus/janusd.sock"), "plaintext")
        self.assertTrue(bound)
        for address, kind in bound.items():
            self.assertRegex(address, r"^(127\.0\.0\.1|\[::1\]|localhost):50051$")
            self.assertEqual(kind, "plaintext")
            self.assert_ok(self.connect(address).check())
        self.assert_ok(self.connect("unix:/run/janus/janusd.sock").check())
        self.assertEqual(janusd.stop(), 0)

    def test_two_daemons_do_not_share_a_port(self):
        first = self.start_janusd(listen=["127.0.0.1:0"])
        (address, _), = first.bound()
        second = self.start_janusd(listen=[address], wait=False)
        self.assertEqual(second.wait_exit(), 1)
        self.assertIn(address, "\n".join(second.snapshot()))
        self.assert_ok(self.connect(address).check())

    def test_the_socket_is_its_owners_alone(self):
        os.umask(0)
        self.addCleanup(os.umask, 0o022)
        janusd = self.start_janusd()
        mode = os.stat(janusd.socket).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)

    def test_a_second_daemon_is_refused_and_the_first_goes_on(self):
        first = self.start_janusd()
        second = self.start_janusd(listen=[first.address], wait=False)
        self.assertEqual(second.wait_exit(), 1)
        self.assertIn(first.socket, "\n".join(second.snapshot()))
        self.assert_ok(self.connect(first.address).check())

    def test_the_socket_of_a_dead_daemon_is_taken_over(self):
        first = self.start_janusd()
        first.kill()
        second = self.start_janusd(listen=[first.address])
        self.assert_ok(self.connect(first.address).check())
        self.assertEqual(second.stop(), 0)
        third = self.start_janusd(listen=[first.address])
        self.assert_ok(self.connect(first.address).check())
        self.assertEqual(third.stop(), 0)

    def test_a_file_in_the_place_of_the_socket_is_not_removed(self):
        path = self.box.folder("precious") + "/file"
        with open(path, "w", encoding="ascii") as file:
            file.write("precious\n")
        janusd = self.start_janusd(listen=["unix:" + path], wait=False)
        self.assertEqual(janusd.wait_exit(), 1)
        self.assertIn(path, "\n".join(janusd.snapshot()))
        with open(path, encoding="ascii") as file:
            self.assertEqual(file.read(), "precious\n")


class End(Case):
    def guarded(self):
        target = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[target.pid], deny=["/data/recipe"])
        self.assert_denied(target.run("cat /data/recipe"))
        return target

    def test_sigterm_exits_with_zero_and_takes_the_guards_along(self):
        target = self.guarded()
        self.assertEqual(self.janusd.stop(), 0)
        self.assert_allowed(target.run("cat /data/recipe"), "salt")

    def test_sigint_does_the_same(self):
        target = self.guarded()
        self.janusd.process.send_signal(signal.SIGINT)
        self.assertEqual(self.janusd.wait_exit(), 0)
        self.assert_allowed(target.run("cat /data/recipe"), "salt")

    def test_an_opener_that_waits_is_released_at_the_end(self):
        target = self.guarded()
        self.janusd.pause()
        target.shell.send("read -r line </data/recipe")
        wait_until(target.waits_in_kernel, 10, "the opener to wait")
        self.janusd.terminate()
        self.janusd.resume()
        self.assertEqual(self.janusd.wait_exit(), 0)
        target.shell.receive()
        self.assert_allowed(target.run("cat /data/recipe"), "salt")

    def test_an_opener_that_waits_is_released_when_it_is_killed(self):
        target = self.guarded()
        self.janusd.pause()
        target.shell.send("read -r line </data/recipe && echo $line")
        wait_until(target.waits_in_kernel, 10, "the opener to wait")
        self.janusd.kill()
        self.assert_allowed(target.shell.receive(), "salt")

    def test_clients_that_stay_silent_do_not_hold_it(self):
        stream = self.client.watch(timeout=60)
        next(stream)
        idle = [self.connect(self.janusd.address) for _ in range(5)]
        for client in idle:
            self.assert_ok(client.check())
        self.assertEqual(self.janusd.stop(), 0)

    def test_sighup_does_not_end_it(self):
        target = self.guarded()
        self.janusd.process.send_signal(signal.SIGHUP)
        self.assert_ok(self.client.check())
        self.assert_denied(target.run("cat /data/recipe"))
        self.assertEqual(self.janusd.stop(), 0)

    def test_records_are_written_before_it_ends(self):
        target = self.guarded()
        target.run("for i in $(seq 500); do read -r x </data/recipe; done; true")
        self.assertEqual(self.janusd.stop(), 0)
        self.assertEqual(len(self.janusd.records()), 501)


class BlockedStderr(Case):
    """A pipe that nobody reads holds 64 KiB; far more than that is written."""

    janusd_flags = None

    def start(self):
        janusd = self.start_janusd(collect=False)
        wait_until(lambda: os.path.exists(janusd.socket), 15, "janusd's socket")
        # One client for each try: a channel waits longer and longer before it tries again.
        return janusd, wait_until(lambda: self.dial(janusd.address), 15, "janusd to serve")

    def dial(self, address):
        client = self.connect(address)
        return client if client.check().name == "OK" else None

    def test_neither_calls_nor_openers_wait_for_it(self):
        janusd, client = self.start()
        target = self.target({"/data/recipe": "salt\n"})
        tags = {f"key-{index}": "v" * 200 for index in range(10)}
        request = client.guard("kitchen", pid=[target.pid], deny=["/data/recipe"], tags=tags)
        self.assert_ok(client.create(request))
        hammer = f"i=0; while [ $i -lt {NAMES} ]; do read -r x </data/recipe; i=$((i + 1)); done"
        self.assertNotEqual(target.run(hammer + "; cat /data/recipe", timeout=60).status, 0)
        self.assert_ok(client.create(request))
        self.assertEqual(client.pods(), ["kitchen"])
        self.assert_denied(target.run("cat /data/recipe"))
        self.assert_ok(client.destroy(client.config(nodeName="node-1", podName="kitchen")))
        self.assert_allowed(target.run("cat /data/recipe"), "salt")
        janusd.collect()
        janusd.wait_record("<DENY> OPEN_PERM file '/data/recipe'")
        self.assertEqual(janusd.stop(), 0)
        whole = r"^<DENY> OPEN_PERM file '/data/recipe' \(kitchen:node-1\) key-0=v+,.*=v+$"
        for line in janusd.records():
            self.assertRegex(line, whole)

    def test_the_end_comes_without_a_reader(self):
        janusd, client = self.start()
        target = self.target({"/data/recipe": "salt\n"})
        self.assert_ok(client.create(client.guard(
            "kitchen", pid=[target.pid], deny=["/data/recipe"], tags={"k": "v" * 250})))
        target.run("i=0; while [ $i -lt 1000 ]; do read -r x </data/recipe; i=$((i + 1)); "
                   "done; true", timeout=60)
        self.assertEqual(janusd.stop(), 0)

    def test_a_closed_stderr_is_no_reason_to_stop(self):
        janusd, client = self.start()
        janusd.process.stderr.close()
        target = self.target({"/data/recipe": "salt\n"})
        self.assert_ok(client.create(client.guard(
            "kitchen", pid=[target.pid], deny=["/data/recipe"])))
        for _ in range(3):
            self.assert_denied(target.run("cat /data/recipe"))
        self.assert_ok(client.check())
        self.assertEqual(janusd.stop(), 0)


if __name__ == "__main__":
    main()
