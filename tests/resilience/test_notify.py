# SPDX-License-Identifier: MIT
"""Under a service manager: what it is told, and guards that it holds while there is no janusd."""

import errno
import os
import signal
import struct

from case import main
from certs import Authority
from daemon import count_groups, program
from manager import NAMES, Manager, start_words
import openers
import sandbox
from sandbox import wait_until
from test_keeper import Guarded

VERSION_OFFSET = 8  # in the ledger, behind what tells that it is one
WATCHDOG_USEC = "200000"


class Managed(Guarded):
    janusd_flags = None
    flags = ("--deadline", "60000")  # whoever is not decided about is let through, some day
    abstract = False

    def setUp(self):
        super().setUp()
        folder = self.box.folder(self.unique("m"))
        self.manager = Manager(f"@{folder}/notify" if self.abstract else f"{folder}/notify")
        self.addCleanup(self.manager.close)
        # Always the same socket, as a unit has it.
        self.listen = [f"unix:{folder}/s"]
        self.start()

    def close_target(self, target):
        self.manager.let_go()
        super().close_target(target)

    def start(self, *flags, **options):
        mark = self.manager.mark()
        self.janusd = self.manager.start(self.start_janusd, *self.flags, *flags,
                                         listen=self.listen, **options)
        if options.get("wait", True):
            self.manager.wait_for("READY", "1", since=mark)
            self.client = self.connect(self.listen[0])

    def waiting(self, goal, path="/data/recipe"):
        opener = openers.Attempt(self.box, goal.root + path)
        wait_until(lambda: sandbox.state(opener.pid) == "D", 10, "the opener to wait")
        return opener


class Told(Managed):
    def test_it_is_ready_when_it_serves_and_what_is_to_be_stored(self):
        pid = self.janusd.pid
        self.assertEqual(self.manager.wait_for("READY"),
                         [(pid, {"READY": "1", "MAINPID": str(pid),
                                 "STATUS": "Guarding and serving"})])
        stored = self.manager.wait_for("FDSTORE", count=4)
        self.assertEqual([words["FDNAME"] for _, words in stored], NAMES)
        for sender, words in stored:
            self.assertEqual((sender, words["FDSTORE"], words["FDPOLL"]), (pid, "1", "0"))
        self.assertEqual([os.readlink(f"/proc/self/fd/{fd}").split(" ")[0]
                          for name in NAMES for fd in self.manager.store[name]],
                         ["/memfd:janus-ledger", "anon_inode:[fanotify]",
                          "anon_inode:[fanotify]", "/memfd:janusd-guards"])
        self.assertEqual(self.janusd.stop(), 0)
        self.manager.wait_for("STOPPING", "1")

    def test_without_keep_guarding_the_end_is_the_end(self):
        goal = self.guarded()
        self.assertEqual(self.janusd.stop(), 0)
        wait_until(lambda: not self.manager.store, 10, "the store to be empty")
        self.assertEqual(openers.attempt(self.box, goal.root + "/data/recipe").errno, 0)

    def test_a_first_start_that_fails_leaves_nothing_behind(self):
        mark = self.manager.mark()
        second = self.manager.start(self.start_janusd, listen=["unix:/nowhere/at/all/s"],
                                    wait=False)
        self.assertEqual(second.wait_exit(), 1)
        self.assertFalse([words for _, words in self.manager.messages[mark:]
                          if "READY" in words or "FDSTORE" in words])
        self.assertEqual(sorted(self.manager.store), sorted(NAMES))

    def test_the_watchdog_hears_from_it_while_all_is_well(self):
        self.janusd.stop()
        self.start(env={"WATCHDOG_USEC": WATCHDOG_USEC, "WATCHDOG_PID": "PID"})
        self.manager.wait_for("WATCHDOG", "1", count=5)
        # A worker that is replaced is no trouble.
        self.janusd.kill_worker()
        mark = self.manager.mark()
        self.manager.wait_for("WATCHDOG", "1", since=mark, count=5)
        # After a handover it goes on.
        self.janusd.process.send_signal(signal.SIGUSR2)
        self.manager.wait_for("READY", "1", since=mark)
        mark = self.manager.mark()
        self.manager.wait_for("WATCHDOG", "1", since=mark, count=5)
        self.janusd.pause()
        self.janusd.wait_line("makes no progress; the watchdog is not told")
        mark = self.manager.mark()
        self.janusd.resume()
        self.manager.wait_for("WATCHDOG", "1", since=mark, count=2)

    def test_somebody_elses_watchdog_is_none_of_its_business(self):
        self.janusd.stop()
        self.start(env={"WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"})
        self.janusd.stop()
        self.assertFalse([words for _, words in self.manager.messages if "WATCHDOG" in words])

    def test_a_handover(self):
        goal = self.guarded()
        stored = {name: list(fds) for name, fds in self.manager.store.items()}
        mark = self.manager.mark()
        self.janusd.process.send_signal(signal.SIGUSR2)
        (_, words), = self.manager.wait_for("RELOADING", "1", since=mark)
        self.assertTrue(words["MONOTONIC_USEC"].isdigit())
        (sender, words), = self.manager.wait_for("READY", "1", since=mark)
        self.assertEqual((sender, words["MAINPID"]), (self.janusd.pid, str(sender)))
        self.assertEqual(self.manager.store, stored)
        self.refused(goal)
        # What is stored is still what it works with.
        self.janusd.kill()
        waiting = self.waiting(goal)
        self.start()
        self.assertEqual(waiting.wait(30).errno, errno.EPERM)


class Abstract(Managed):
    abstract = True

    def test_an_abstract_socket(self):
        self.manager.wait_for("READY", "1")
        self.assertEqual(sorted(self.manager.store), sorted(NAMES))


class Death(Managed):
    """The keeper is killed: nothing of janusd is left but what is stored."""

    def test_nobody_slips_through(self):
        goal = self.guarded()
        before = self.client.state()
        crowd = openers.Crowd(self.box, 8, goal.root + "/data/recipe", goal.root + "/srv")
        self.addCleanup(crowd.close)
        for _ in range(5):
            self.janusd.kill()
            waiting = [self.waiting(goal) for _ in range(4)]
            self.start()
            self.assertEqual({one.wait(30).errno for one in waiting}, {errno.EPERM})
            self.assertEqual(self.client.state(), before)
            self.refused(goal)
        hung, (denied, _) = crowd.finish()
        print(f"5 deaths of the whole daemon under 8 readers: {denied['denied']} opens denied, "
              f"{denied['opened']} let through, longest wait {denied['longest_ms']} ms",
              flush=True)
        self.assertEqual(hung, 0)
        # What the worker had read when it was killed is let through, as --on-failure says.
        self.assertEqual(denied["failed"], 0)
        self.assertGreater(denied["denied"], 5)

    def test_guards_can_be_changed_afterwards(self):
        goal = self.guarded()
        self.janusd.kill()
        self.start()
        self.create("cellar", pid=[goal.pid], deny=["/data/recipe"])
        self.assert_ok(self.client.destroy(self.client.config(
            nodeName="node-1", podName="kitchen")))
        self.refused(goal)
        self.janusd.kill()
        self.start()
        self.assertEqual(self.client.pods(), ["cellar"])
        self.assert_ok(self.client.destroy(self.client.config(
            nodeName="node-1", podName="cellar")))
        self.assertEqual(openers.attempt(self.box, goal.root + "/data/recipe").errno, 0)

    def test_when_nobody_starts_it_again_files_are_released_with_the_store(self):
        goal = self.guarded()
        self.janusd.kill()
        waiting = self.waiting(goal)
        self.manager.let_go()
        self.assertEqual(waiting.wait().errno, 0)


class Strict(Death):
    flags = ("--deadline", "60000", "--on-failure", "deny")

    def test_nobody_at_all_slips_through(self):
        goal = self.guarded()
        crowd = openers.Crowd(self.box, 8, goal.root + "/data/recipe")
        self.addCleanup(crowd.close)
        for _ in range(5):
            self.janusd.kill()
            self.start()
        hung, (denied,) = crowd.finish()
        self.assertEqual((hung, denied["opened"], denied["failed"]), (0, 0, 0), denied)


class Stop(Managed):
    """systemctl restart and systemctl stop."""

    flags = ("--deadline", "60000", "--keep-guarding")

    def test_guards_outlive_a_restart(self):
        goal = self.guarded()
        crowd = openers.Crowd(self.box, 8, goal.root + "/data/recipe")
        self.addCleanup(crowd.close)
        for _ in range(5):
            mark = self.manager.mark()
            self.assertEqual(self.janusd.stop(), 0)
            self.manager.wait_for("STOPPING", "1", since=mark)
            self.assertEqual(sorted(self.manager.store), sorted(NAMES))
            waiting = self.waiting(goal)
            self.start()
            self.assertEqual(waiting.wait(30).errno, errno.EPERM)
            self.assertEqual(self.client.pods(), ["kitchen"])
        hung, (denied,) = crowd.finish()
        print(f"5 restarts under 8 readers: {denied['denied']} opens denied, "
              f"{denied['opened']} let through, longest wait {denied['longest_ms']} ms",
              flush=True)
        self.assertEqual((hung, denied["opened"], denied["failed"]), (0, 0, 0), denied)

    def test_a_stop_releases_who_waits(self):
        goal = self.guarded()
        self.assertEqual(self.janusd.stop(), 0)
        waiting = self.waiting(goal)
        self.manager.let_go()
        self.assertEqual(waiting.wait().errno, 0)

    def test_sigint_releases_at_once(self):
        goal = self.guarded()
        self.janusd.process.send_signal(signal.SIGINT)
        self.assertEqual(self.janusd.wait_exit(), 0)
        wait_until(lambda: not self.manager.store, 10, "the store to be empty")
        self.assertEqual(openers.attempt(self.box, goal.root + "/data/recipe").errno, 0)

    def test_a_handover_that_is_cut_off_by_the_end(self):
        goal = self.guarded()
        self.janusd.process.send_signal(signal.SIGUSR2)
        self.janusd.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.janusd.wait_exit(), 0)
        waiting = self.waiting(goal)
        self.start()
        self.assertEqual(waiting.wait(30).errno, errno.EPERM)

    def test_without_a_manager_it_changes_nothing_and_says_so(self):
        self.janusd = self.start_janusd("--keep-guarding")
        self.client = self.connect(self.janusd.address)
        self.janusd.wait_line("^janusd: warning: --keep-guarding changes nothing")
        goal = self.guarded()
        self.assertEqual(self.janusd.stop(), 0)
        self.assertEqual(openers.attempt(self.box, goal.root + "/data/recipe").errno, 0)


class Certificates(Managed):
    def start(self, *flags, **options):
        if not self.janusd:
            authority = Authority(self.box.folder(self.unique("tls")), "authority")
            self.server = authority.sign("server")
            self.flags += ("-tls", "-tlscafile", authority.cert, "-tlscertfile",
                           self.server.cert, "-tlskeyfile", self.server.key)
            self.listen.append("127.0.0.1:0")
        super().start(*flags, **options)

    def test_to_guard_is_enough_to_be_ready(self):
        goal = self.guarded()
        self.janusd.kill()
        os.rename(self.server.cert, self.server.cert + ".away")
        mark = self.manager.mark()
        self.start(wait=False)
        (_, words), = self.manager.wait_for("READY", "1", since=mark)
        self.assertIn("nobody can be served", words["STATUS"])
        self.refused(goal)
        os.rename(self.server.cert + ".away", self.server.cert)
        self.manager.wait_for("STATUS", "Guarding and serving", since=mark)
        self.client = self.connect(self.listen[0])
        self.assertEqual(self.client.pods(), ["kitchen"])


class Unfit(Managed):
    """What is stored is no good."""

    # Let through by the old groups, he may or may not be asked by the new ones.
    expected = (0, errno.EPERM)

    def test_a_keep_of_another_version(self):
        goal = self.guarded()
        self.janusd.kill()
        ledger, = self.manager.store["janus-ledger"]
        version, = struct.unpack("=I", os.pread(ledger, 4, VERSION_OFFSET))
        os.pwrite(ledger, struct.pack("=I", version + 1), VERSION_OFFSET)
        mark = self.manager.mark()
        waiting = self.waiting(goal)
        self.start()
        self.janusd.wait_line("^janusd: error: what the last janusd has marked cannot be taken "
                              "over: .*of another version")
        self.janusd.wait_line("what the last janusd had marked is closed")
        self.manager.wait_for("FDSTORE", since=mark, count=4)
        self.assertEqual(sorted(self.manager.store), sorted(NAMES))
        self.assertIn(waiting.wait().errno, self.expected)
        self.assertEqual(self.client.pods(), ["kitchen"])
        self.refused(goal)
        for pid in (self.janusd.pid, self.janusd.worker_pid):
            self.assertEqual(count_groups(pid), 2)
        # And these are good.
        self.janusd.kill()
        waiting = self.waiting(goal)
        self.start()
        self.assertEqual(waiting.wait(30).errno, errno.EPERM)

    def test_half_of_it(self):
        for missing in NAMES:
            if missing == "janus-wide":
                continue  # some kernels have none
            with self.subTest(missing=missing):
                goal = self.guarded()
                self.janusd.kill()
                for fd in self.manager.store.pop(missing):
                    os.close(fd)
                mark = self.manager.mark()
                self.start()
                self.janusd.wait_line("^janusd: error: the fds of the last janusd, which were "
                                      "stored, are closed, .* is missing")
                self.manager.wait_for("FDSTORE", since=mark, count=4)
                self.assertEqual(self.client.pods(), [])
                self.assertEqual(openers.attempt(self.box, goal.root + "/data/recipe").errno, 0)

    def test_what_is_no_keep(self):
        goal = self.guarded()
        self.janusd.kill()
        for fd in self.manager.store.pop("janus-group"):
            os.close(fd)
        self.manager.store["janus-group"] = [os.open("/dev/null", os.O_RDWR)]
        self.start()
        self.janusd.wait_line("^janusd: error: what the last janusd has marked cannot be taken "
                              "over")
        self.janusd.wait_line("what the last janusd had marked is closed")
        self.assertEqual(self.client.pods(), ["kitchen"])
        self.refused(goal)

    def test_strangers_are_closed(self):
        goal = self.guarded()
        self.janusd.kill()
        null = os.open("/dev/null", os.O_RDWR)
        self.manager.store = {"stranger": [null], **self.manager.store}
        self.start()
        self.janusd.wait_line("fd 3, which was handed to us at the start, means nothing to us")
        self.refused(goal)
        self.assertEqual(self.client.pods(), ["kitchen"])

    def test_fds_for_another_process(self):
        null = os.open("/dev/null", os.O_RDWR)
        self.addCleanup(os.close, null)
        janusd = self.start_janusd(
            words=start_words(program("janusd"), [null]), pass_fds=[null],
            env=self.manager.environment(LISTEN_PID="1", LISTEN_FDS="1",
                                         LISTEN_FDNAMES="janus-group"))
        self.assertEqual(janusd.stop(), 0)
        self.assertNotIn("fd 3", "\n".join(janusd.snapshot()))


class UnfitStrict(Unfit):
    flags = ("--deadline", "60000", "--on-failure", "deny")
    expected = (errno.EPERM,)


if __name__ == "__main__":
    main()
