# SPDX-License-Identifier: MIT
"""The unit that is delivered, under the systemd of a machine that was booted for it."""

import errno
import os
import re
import signal
import unittest

import case
from case import Case, main
from daemon import children
import nspawn
import openers
import sandbox
from sandbox import wait_until

READERS = 16
RESTARTS = int(os.environ.get("JANUS_TEST_RESTARTS", "10"))
EXPOSURE = 3.0  # what the unit has reached; less is better
START = "ExecStart=\nExecStart=janusd --keep-guarding"
STORED = "4"
CAPABILITIES = {"cap_dac_read_search": 2, "cap_sys_ptrace": 19, "cap_sys_admin": 21,
                "cap_audit_write": 29}


MACHINE = None


def setUpModule():
    """One machine for all tests; each one starts the unit anew."""
    global MACHINE
    MACHINE = nspawn.Machine(case.BOX)
    unittest.addModuleCleanup(MACHINE.close)


class Unit(Case):
    """With other flags than the unit has, where the test has to tell who has answered."""

    janusd_flags = None
    flags = "--deadline 60000"  # whoever is not decided about is let through, some day
    settings = ""

    def setUp(self):
        super().setUp()
        self.machine = MACHINE
        self.guest = nspawn.Guest(self.machine, {"/data/recipe": "salt\n", "/data/menu": "soup\n",
                                                 "/srv/free": "air\n"})
        self.addCleanup(self.end)
        self.configure(self.flags, self.settings)
        self.start()

    def end(self):
        """Whoever waits is let through before anything else ends."""
        self.machine.systemctl("kill", "--signal=SIGKILL", "janusd")
        self.machine.systemctl("stop", "janusd")
        self.machine.systemctl("reset-failed", "janusd")
        self.guest.close()

    def configure(self, flags, settings=""):
        self.machine.drop_in(f"{START} {flags}\n{settings}" if flags else settings)

    def systemctl(self, *words):
        done = self.machine.systemctl(*words)
        self.assertEqual(done.status, 0, f"systemctl {words}: {done}\n{self.machine.journal()}")
        return done.output

    def start(self):
        self.systemctl("start", "janusd")
        self.client = self.connect("unix:" + self.machine.path("/run/janus/janusd.sock"))

    def restart(self):
        """By hand there is no limit to it; the unit's own is for one that fails."""
        self.systemctl("reset-failed", "janusd")
        self.systemctl("restart", "janusd")

    def guard(self):
        self.create("kitchen", cid=["docker://" + self.guest.id], deny=["/data/recipe"],
                    allow=["/data/menu"])
        self.whole()

    def whole(self):
        self.assert_denied(self.guest.run("cat /data/recipe"))
        self.assert_allowed(self.guest.run("cat /data/menu"), "soup")
        client = self.connect("unix:" + self.machine.path("/run/janus/janusd.sock"))
        self.assertEqual(client.pods(), ["kitchen"])

    def path(self, name):
        return self.guest.root + name

    def attempt(self, name):
        return openers.attempt(self.box, self.path(name), words=self.machine.hammer).errno

    def waiting(self, name):
        """An opener that is held up; nobody answers him."""
        one = openers.Attempt(self.box, self.path(name), words=self.machine.hammer)
        wait_until(lambda: any(sandbox.state(pid) == "D" for pid in children(one.pid)), 10,
                   "the opener to wait")
        return one

    def crowd(self):
        crowd = openers.Crowd(self.box, READERS, self.path("/data/recipe"),
                              self.path("/data/menu"), self.path("/srv/free"),
                              words=self.machine.hammer)
        self.addCleanup(crowd.close)
        crowd.wait_for_more(20)
        return crowd

    def finish(self, crowd, what):
        hung, (denied, allowed, free) = crowd.finish()
        print(f"{what}, {READERS} readers:", flush=True)
        for one, kind in ((denied, "denied"), (allowed, "allowed"), (free, "unguarded")):
            print(f"  {kind} file: {openers.figures(one)}", flush=True)
        self.assertEqual(hung, 0)
        self.assertEqual((denied["opened"], denied["failed"]), (0, 0), denied)
        self.assertEqual((free["denied"], free["failed"]), (0, 0), free)
        self.assertGreater(allowed["opened"], READERS, allowed)
        return allowed

    def wait_restarted(self, times=1):
        wait_until(lambda: self.machine.show("NRestarts") == str(times) and
                   self.machine.show("ActiveState") == "active", 60,
                   "systemd to have started it again")


class Delivered(Unit):
    """As it is, without a drop-in."""

    flags = ""

    def test_it_is_started_ready_and_enclosed(self):
        self.guard()
        status = self.systemctl("status", "janusd")
        print(status, flush=True)
        self.assertRegex(status, r"Active: active \(running\)")
        self.assertIn('Status: "Guarding and serving"', status)
        for name, value in (("Type", "notify"), ("SubState", "running"),
                            ("NFileDescriptorStore", STORED), ("NRestarts", "0")):
            self.assertEqual(self.machine.show(name), value, name)
        pid = self.machine.main_pid()
        for process in (pid, *children(pid)):
            with open(f"/proc/{process}/status", encoding="ascii") as lines:
                fields = dict(line.rstrip("\n").split(":\t", 1) for line in lines)
            self.assertEqual(int(fields["CapBnd"], 16),
                             sum(1 << bit for bit in CAPABILITIES.values()))
            self.assertEqual((fields["NoNewPrivs"], fields["Seccomp"]), ("1", "2"))
            # Else what containers started later show would prove nothing.
            self.assertNotEqual(os.readlink(f"/proc/{process}/ns/mnt"),
                                os.readlink(f"/proc/{self.machine.pid}/ns/mnt"))

    def test_systemd_has_nothing_to_say_against_the_unit(self):
        done = self.machine.run("systemd-analyze", "verify", "--man=no",
                                "/etc/systemd/system/janusd.service")
        self.assertEqual((done.status, done.output), (0, ""))

    def test_its_exposure(self):
        done = self.machine.run("systemd-analyze", "security", "--no-pager", "janusd.service")
        figure = re.search(r"exposure level for janusd.service: ([0-9.]+)", done.output)
        open_ends = [line for line in done.output.splitlines() if line.startswith("✗")]
        print("\n".join(open_ends + [done.output.splitlines()[-1]]), flush=True)
        self.assertLessEqual(float(figure[1]), EXPOSURE)

    def test_a_container_that_comes_later(self):
        self.guard()
        later = nspawn.Guest(self.machine, {"/data/recipe": "pepper\n", "/data/menu": "stew\n"})
        self.addCleanup(later.close)
        self.create("cellar", cid=["docker://" + later.id], deny=["/data/recipe"],
                    allow=["/data/menu"])
        self.assert_denied(later.run("cat /data/recipe"))
        self.assert_denied(later.run("/bin/busybox cat /data/recipe"))
        self.assert_allowed(later.run("cat /data/menu"), "stew")
        journal = self.machine.journal()
        self.assertIn("<DENY> OPEN_PERM file '/data/recipe' (cellar:", journal)
        self.assertIn("<ALLOW> OPEN_PERM file '/data/menu' (cellar:", journal)

    def test_files_of_the_machine_itself_on_a_mount_that_comes_later(self):
        place = f"/srv/{self.guest.id[:8]}-later"
        os.mkdir(self.machine.path(place))
        mounted = self.machine.run("mount", "-t", "tmpfs", "later", place)
        self.assertEqual(mounted.status, 0, mounted)
        self.machine.run("touch", place + "/recipe")
        self.create("kitchen", pid=[1], deny=[place + "/recipe"])
        self.assert_denied(self.machine.run("cat", place + "/recipe"))

    def test_reload(self):
        self.guard()
        pid = self.machine.show("MainPID")
        self.systemctl("reload", "janusd")
        wait_until(lambda: "janusd: info: reload" in self.machine.journal(), 20,
                   "it to say that it has heard")
        self.assertEqual((self.machine.show("ActiveState"), self.machine.show("MainPID")),
                         ("active", pid))
        self.whole()

    def test_a_stop_is_the_end_of_its_guards(self):
        self.guard()
        self.systemctl("stop", "janusd")
        for name, value in (("ActiveState", "inactive"), ("Result", "success"),
                            ("NFileDescriptorStore", "0")):
            self.assertEqual(self.machine.show(name), value, name)
        self.assertEqual(self.attempt("/data/recipe"), 0)
        self.start()
        self.assertEqual(self.client.pods(), [])

    def handovers(self):
        """How many, and what became of the last one."""
        with open(self.machine.path("/run/janus/janusd.sock.lock"), encoding="ascii") as lock:
            return lock.read().splitlines()[1:]

    def test_a_handover(self):
        self.guard()
        pid = self.machine.show("MainPID")
        crowd = self.crowd()
        self.systemctl("kill", "--kill-whom=main", "--signal=SIGUSR2", "janusd")
        # Not by the journal: it leaves lines out when there are very many.
        wait_until(lambda: self.handovers() == ["1", "done"], 30, "the handover")
        crowd.wait_for_more(20)
        crowd.close()
        self.assertEqual((self.machine.show("MainPID"), self.machine.show("NRestarts"),
                          self.machine.show("NFileDescriptorStore")), (pid, "0", STORED))
        self.whole()
        self.restart()
        self.whole()


class Restart(Unit):
    def test_restarts_under_load(self):
        self.guard()
        crowd = self.crowd()
        for _ in range(RESTARTS):
            before = self.machine.show("MainPID")
            self.restart()
            self.assertNotEqual(self.machine.show("MainPID"), before)
            crowd.wait_for_more(5)
        self.whole()
        allowed = self.finish(crowd, f"{RESTARTS} times systemctl restart")
        self.assertEqual((allowed["denied"], allowed["failed"]), (0, 0), allowed)
        self.assertEqual(self.machine.show("NFileDescriptorStore"), STORED)


class Strict(Unit):
    flags = "--on-failure deny"

    def test_all_of_it_is_killed_under_load(self):
        self.guard()
        crowd = self.crowd()
        for number in range(3):
            self.systemctl("kill", "--signal=SIGKILL", "janusd")
            self.wait_restarted(number + 1)
            crowd.wait_for_more(5)
        self.whole()
        self.finish(crowd, "3 times systemctl kill --signal=SIGKILL")

    def test_a_worker_that_is_stopped_for_a_while_is_the_keepers_business(self):
        self.guard()
        worker, = children(self.machine.main_pid())
        os.kill(worker, signal.SIGSTOP)
        self.assertEqual(self.attempt("/data/recipe"), errno.EPERM)
        os.kill(worker, signal.SIGCONT)
        self.whole()
        self.assertEqual(self.machine.show("NRestarts"), "0")


class Watchdog(Unit):
    flags = "--on-failure deny"
    settings = "WatchdogSec=2"

    def stopped(self, find, what):
        """One of the two processes hangs: openers have their answers, and it is replaced."""
        self.guard()
        crowd = self.crowd()
        pid = find()
        os.kill(pid, signal.SIGSTOP)
        crowd.wait_for_more(2)
        self.wait_restarted()
        crowd.wait_for_more(20)
        self.assertIsNone(sandbox.start_time(pid))
        self.assertIn("Watchdog timeout", self.machine.journal())
        self.whole()
        self.finish(crowd, f"{what} stopped, until the watchdog has ended it")
        self.assertEqual(self.machine.show("NFileDescriptorStore"), STORED)

    def test_the_keeper_is_stopped(self):
        self.stopped(self.machine.main_pid, "the keeper")

    def test_the_worker_is_stopped(self):
        self.stopped(lambda: children(self.machine.main_pid())[0], "the worker")


class Hopeless(Unit):
    def test_one_that_cannot_be_started_holds_up_nobody_for_ever(self):
        self.guard()
        self.machine.drop_in("ExecStart=\nExecStart=false\nRestartSec=100ms")
        self.systemctl("kill", "--signal=SIGKILL", "janusd")
        waiting = openers.Attempt(self.box, self.path("/data/recipe"),
                                  words=self.machine.hammer)
        wait_until(lambda: self.machine.show("ActiveState") == "failed", 60,
                   "systemd to give up")
        self.assertEqual(self.machine.show("NFileDescriptorStore"), "0")
        self.assertEqual(waiting.wait().errno, 0)


if __name__ == "__main__":
    main(nspawn.require)
