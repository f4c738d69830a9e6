# SPDX-License-Identifier: MIT
"""janusd executes its program anew: nobody slips through, nobody hangs, all guards stay.

JANUS_TEST_HANDOVERS says how often. Waits are printed, not judged: they are the machine's.
"""

import errno
import os
import shutil
import signal
import subprocess
import time

from case import Case, main
from daemon import READY, children, program
from manager import start_words
import openers
import sandbox
from sandbox import wait_until
from test_kill import Changes
from test_keeper import status_of

HANDOVERS = int(os.environ.get("JANUS_TEST_HANDOVERS", "20"))
READERS = 16
STEADY = [f"pod-{index}" for index in range(5)]


def ask(*flags):
    return subprocess.run([program("janusd"), "--handover", *flags], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, timeout=90, check=False)


class Handover(Case):
    def guarded(self):
        goal = self.target({"/data/recipe": "salt\n", "/data/menu": "soup\n",
                            "/data/visitor": "x\n", "/srv/free": "air\n"})
        self.create(STEADY[0], pid=[goal.pid], deny=["/data/recipe"], allow=["/data/menu"])
        for pod in STEADY[1:]:
            self.create(pod, pid=[goal.pid], deny=["/data/recipe"])
        return goal

    def hand_over(self):
        """Return: seconds until the next worker was ready."""
        keeper, worker = self.janusd.pid, self.janusd.worker_pid
        start = time.monotonic()
        told = ask("--listen", self.janusd.address)
        took = time.monotonic() - start
        self.assertEqual((told.returncode, told.stderr), (0, ""), told)
        self.assertEqual(told.stdout.splitlines()[-1],
                         f"janusd: process {keeper} has handed over and is ready")
        self.assertTrue(self.janusd.alive())
        self.assertNotEqual(self.janusd.worker_pid, worker)
        self.assertIsNone(sandbox.state(worker))
        return took

    def assert_guards(self, goal):
        client = self.connect(self.janusd.address)
        pods = [handle.podName for handle in client.state() if handle.podName != "visitor"]
        self.assertEqual(pods, STEADY)
        client.close()
        self.assertEqual(openers.attempt(self.box, goal.root + "/data/recipe").errno,
                         errno.EPERM)


class Load(Handover):
    # Whoever is not decided about is let through: nobody may be.
    janusd_flags = ("--deadline", "60000")

    def run_handovers(self, count, between=lambda: None):
        goal = self.goal
        crowd = openers.Crowd(self.box, READERS, goal.root + "/data/recipe",
                              goal.root + "/data/menu", goal.root + "/srv/free")
        self.addCleanup(crowd.close)
        took = []
        for _ in range(count):
            between()
            took.append(self.hand_over())
            self.assert_guards(goal)
        hung, (denied, allowed, free) = crowd.finish()
        print(f"{count} handovers under {READERS} readers: {denied['denied']} opens denied, "
              f"{denied['opened']} let through; longest wait: denied file "
              f"{denied['longest_ms']} ms, allowed file {allowed['longest_ms']} ms, unguarded "
              f"file {free['longest_ms']} ms; done in {sorted(took)[count // 2] * 1e3:.0f} ms "
              f"(median), {max(took) * 1e3:.0f} ms (most)", flush=True)
        self.assertEqual(hung, 0)
        self.assertEqual((denied["opened"], denied["failed"]), (0, 0), denied)
        self.assertGreater(denied["denied"], count)
        for open_to_all in (allowed, free):
            self.assertEqual((open_to_all["denied"], open_to_all["failed"]), (0, 0),
                             open_to_all)
            self.assertGreater(open_to_all["opened"], count)

    def setUp(self):
        super().setUp()
        self.goal = self.guarded()

    def test_nobody_slips_through_and_nobody_hangs(self):
        self.run_handovers(HANDOVERS)

    def test_the_same_while_guards_change(self):
        changes = Changes(self, self.goal.pid, "/data/visitor")
        self.addCleanup(changes.stop)
        self.run_handovers(max(1, HANDOVERS // 3), changes.wait_for_some)
        changes.stop()
        print(f"meanwhile {changes.made} guards made and destroyed, {changes.refused} calls "
              "cut off", flush=True)
        client = self.connect(self.janusd.address)
        client.destroy(client.config(nodeName="node-1", podName="visitor"))
        self.assertEqual(openers.attempt(self.box, self.goal.root + "/data/visitor").errno, 0)


class BlockedStderr(Handover):
    """Nobody reads what the worker has to say before it goes."""

    janusd_flags = None

    def test_it_goes_all_the_same(self):
        self.janusd = self.start_janusd("--deadline", "60000", collect=False)
        self.client = wait_until(self.dial, 15, "janusd to serve")
        goal = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[goal.pid], deny=["/data/recipe"], tags={"k": "v" * 250})
        crowd = openers.Crowd(self.box, READERS, goal.root + "/data/recipe")
        self.addCleanup(crowd.close)
        goal.run("i=0; while [ $i -lt 1000 ]; do read -r x </data/recipe; i=$((i + 1)); "
                 "done; true", timeout=60)
        for _ in range(3):
            self.hand_over()
        hung, (denied,) = crowd.finish()
        self.assertEqual((hung, denied["opened"], denied["failed"]), (0, 0, 0), denied)
        self.janusd.collect()
        self.assertEqual(self.janusd.stop(), 0)
        self.assertNotIn("does not leave", "\n".join(self.janusd.snapshot()))

    def dial(self):
        if not os.path.exists(self.janusd.socket):
            return None
        client = self.connect(self.janusd.address)
        return client if client.check(timeout=2).name == "OK" else None


class Process(Handover):
    def test_it_is_the_same_with_the_rights_that_it_had(self):
        def what():
            return [{key: status_of(pid)[key] for key in
                     ("Name", "CapEff", "CapPrm", "SigBlk", "SigIgn")}
                    for pid in (self.janusd.pid, self.janusd.worker_pid)]

        def fds():
            return sorted(os.readlink(f"/proc/{self.janusd.pid}/fd/{fd}").split(":[")[0]
                          for fd in os.listdir(f"/proc/{self.janusd.pid}/fd"))

        goal = self.guarded()
        before = what(), fds()
        for _ in range(3):
            self.hand_over()
            self.assertEqual((what(), fds()), before)
        self.assert_guards(goal)
        self.assertEqual(self.janusd.stop(), 0)
        self.assertEqual(openers.attempt(self.box, goal.root + "/data/recipe").errno, 0)

    def test_workers_are_replaced_afterwards_as_before(self):
        goal = self.guarded()
        self.hand_over()
        self.janusd.kill_worker()
        self.janusd.wait_line(READY, 15, count=3)
        self.assert_guards(goal)

    def test_while_there_is_no_worker(self):
        goal = self.guarded()
        self.janusd.pause(self.janusd.pid)
        worker = self.janusd.kill_worker()
        wait_until(lambda: sandbox.state(worker) == "Z", 10, "the worker to die")
        os.kill(self.janusd.pid, signal.SIGUSR2)
        mark = self.janusd.mark()
        self.janusd.resume(self.janusd.pid)
        self.janusd.wait_line("handover number 1 is done", 20, since=mark)
        self.assert_guards(goal)

    def test_a_worker_that_is_stopped_does_not_hold_it_up(self):
        goal = self.guarded()
        self.janusd.pause()
        worker = self.janusd.worker_pid
        self.assertEqual(ask("--listen", self.janusd.address).returncode, 0)
        self.janusd.wait_line(f"worker {worker} of the last janusd does not leave, and is "
                              "killed")
        self.assert_guards(goal)

    def test_any_port_and_every_lock_stays_the_same(self):
        folder = self.box.folder(self.unique("s"))
        listen = [f"unix:{folder}/a", "127.0.0.1:0", f"unix:{folder}/b", "[::1]:0"]
        janusd = self.start_janusd(listen=listen)
        before = janusd.bound()
        mark = janusd.mark()
        self.assertEqual(ask("--listen", "[::1]:0", "--listen", listen[2]).returncode, 0)
        janusd.wait_line(READY, since=mark)
        self.assertEqual(janusd.bound(), before * 2)
        for address, _ in before:
            self.assert_ok(self.connect(address).check())
        for address in listen[::2]:
            second = self.start_janusd(listen=[address], wait=False)
            self.assertEqual(second.wait_exit(), 1)
            self.assertIn(f"another janusd runs there, process {janusd.pid}",
                          "\n".join(second.snapshot()))

    def test_the_end_comes_before_it_and_behind_it(self):
        for first, second in ((signal.SIGUSR2, signal.SIGTERM),
                              (signal.SIGTERM, signal.SIGUSR2)):
            janusd = self.start_janusd()
            os.kill(janusd.pid, first)
            os.kill(janusd.pid, second)
            self.assertEqual(janusd.wait_exit(), 0)


class Programs(Handover):
    """What lies under the path by now."""

    janusd_flags = None

    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.box.folder(self.unique("bin")), "janusd")
        shutil.copy(program("janusd"), self.path)
        self.janusd = self.start_janusd(words=[self.path])
        self.client = self.connect(self.janusd.address)
        self.goal = self.guarded()

    def replace(self, content, mode=0o755):
        """As packages do: another file under the same name."""
        os.unlink(self.path)
        if content is not None:
            with open(self.path + ".new", "w", encoding="ascii") as file:
                file.write(content)
            os.chmod(self.path + ".new", mode)
            os.rename(self.path + ".new", self.path)

    def assert_goes_on(self, *named, same_worker=True):
        keeper, worker = self.janusd.pid, self.janusd.worker_pid
        mark = self.janusd.mark()
        told = ask("--listen", self.janusd.address)
        self.assertEqual(told.returncode, 1, told)
        for words in named:
            self.assertIn(words, told.stderr)
        self.assertIn(f"process {keeper} goes on as it was", told.stderr)
        self.janusd.wait_line("^janusd: error: no handover: .* this janusd goes on", since=mark)
        if same_worker:
            self.assertEqual(self.janusd.worker_pid, worker)
        else:
            self.janusd.wait_line(READY, since=mark)
        self.assertEqual(len(children(keeper)), 1)
        self.assert_guards(self.goal)

    def test_one_that_is_newer(self):
        shutil.copy(self.path, self.path + ".new")
        os.rename(self.path + ".new", self.path)
        self.assertIn("(deleted)", os.readlink(f"/proc/{self.janusd.pid}/exe"))
        self.hand_over()
        self.assertEqual(os.readlink(f"/proc/{self.janusd.pid}/exe"), self.path)
        self.assert_guards(self.goal)

    def test_a_link_that_leads_elsewhere(self):
        folder = self.box.folder(self.unique("bin"))
        link, new = os.path.join(folder, "link"), os.path.join(folder, "new")
        os.symlink(self.path, link)
        self.janusd.stop()
        self.janusd = self.start_janusd(words=["./link"], cwd=folder)
        self.client = self.connect(self.janusd.address)
        self.goal = self.guarded()
        shutil.copy(self.path, new)
        os.unlink(link)
        os.symlink(new, link)
        self.hand_over()
        self.assertEqual(os.readlink(f"/proc/{self.janusd.pid}/exe"), new)
        self.assert_guards(self.goal)

    def test_none(self):
        self.replace(None)
        self.assert_goes_on(self.path, "cannot be executed")

    def test_one_that_is_no_program(self):
        for content, mode in (("", 0o755), ("\x7fELF and nothing else", 0o755),
                              ("#!/bin/sh\nexit 0\n", 0o644), ("#!/no/such/shell\n", 0o755)):
            with self.subTest(content=content):
                self.replace(content, mode)
                self.assert_goes_on(self.path, "cannot be executed")

    def test_one_that_fails(self):
        self.replace("#!/bin/sh\nexit 3\n")
        self.assert_goes_on("ended with status 3")
        self.replace("#!/bin/sh\nkill -SEGV $$\n")
        self.assert_goes_on("was killed by SIGSEGV")

    def test_one_that_does_not_take_the_command_line(self):
        self.replace('#!/bin/sh\nfor word; do [ "$word" = --node ] && exit 2; done\n')
        self.assert_goes_on("ended with status 2")

    def test_one_that_hangs(self):
        self.replace("#!/bin/sh\nexec sleep 60\n")
        self.assert_goes_on("has not ended in 10 seconds")

    def test_one_that_is_gone_when_it_is_to_be_executed(self):
        self.replace('#!/bin/sh\nrm "$0"\n')
        self.assert_goes_on("cannot be executed: No such file or directory",
                            same_worker=False)
        shutil.copy(program("janusd"), self.path)
        self.hand_over()
        self.assert_guards(self.goal)


class Asking(Case):
    """Who is asked."""

    janusd_flags = None

    def refused(self, *flags, named):
        told = ask(*flags)
        self.assertEqual((told.returncode, told.stdout), (1, ""), told)
        self.assertIn(named, told.stderr)

    def test_nobody_who_is_not_there(self):
        folder = self.box.folder(self.unique("s"))
        self.refused("--listen", f"unix:{folder}/s", named="cannot be opened: No such file")
        self.refused("--listen", "127.0.0.1:0", named="none of the addresses is that of a "
                                                      "socket")
        janusd = self.start_janusd()
        janusd.stop()
        self.refused("--listen", janusd.address, named="nobody listens on")

    def test_nobody_who_does_not_hold_the_lock(self):
        path = os.path.join(self.box.folder(self.unique("s")), "s")
        bystander = subprocess.Popen(["sleep", "1000"])
        self.box.adopt(bystander.pid)
        self.addCleanup(bystander.wait)
        self.addCleanup(bystander.kill)
        for record, named in ((f"{bystander.pid}\n0\ndone\n", "cannot be seen to hold it"),
                              ("999999999\n0\ndone\n", "cannot be seen to hold it"),
                              ("", "does not tell whose it is"),
                              ("-1\n0\ndone\n", "does not tell whose it is"),
                              ("17\n", "does not tell whose it is")):
            with self.subTest(record=record):
                with open(path + ".lock", "w", encoding="ascii") as lock:
                    lock.write(record)
                    lock.flush()
                    holder = subprocess.Popen(["flock", path + ".lock", "sleep", "1000"])
                    self.box.adopt(holder.pid)
                    wait_until(lambda: len(children(holder.pid)) == 1, 10, "the lock")
                self.refused("--listen", "unix:" + path, named=named)
                for pid in children(holder.pid) + [holder.pid]:
                    os.kill(pid, signal.SIGKILL)
                holder.wait()
        self.assertIsNone(bystander.poll())


class Hostile(Case):
    """What claims to be handed over."""

    janusd_flags = None

    def test_it_is_refused(self):
        for value, named in (
                ("", "format"), ("x", "format"), ("2 PID keep=0", "another version"),
                ("1", "which process"), ("1 1 keep=3,4 state=5", "another process"),
                ("1 PID", "missing"), ("1 PID keep=3,4", "missing"),
                ("1 PID keep=0,1 state=2", "no sense"),
                ("1 PID keep=3,3 state=4", "no sense"),
                ("1 PID keep=-3,4 state=5", "no sense"),
                ("1 PID keep=3,4,5,6,7 state=8", "no sense"),
                ("1 PID keep=3,4 state=99999999999999999999", "no sense"),
                ("1 PID keep=3,4 state=5 worker=1", "no sense"),
                ("1 PID keep=3,4 state=5  ", "no sense"),
                ("1 PID keep=3,4 state=5 more=6", "no sense"),
                ("1 PID keep=90,91 state=92", "not open"),
                ("1 PID keep=3,4 state=5", "no memory file"),
                ("1 PID " + "x" * 4000, "too long")):
            with self.subTest(value=value[:80]):
                null = os.open("/dev/null", os.O_RDONLY)
                janusd = self.start_janusd(
                    wait=False, words=start_words(fds=[null] * 3), pass_fds=[null],
                    env={**os.environ, "JANUSD_HANDOVER": value})
                os.close(null)
                self.assertEqual(janusd.wait_exit(), 1)
                told = "\n".join(janusd.snapshot())
                self.assertIn("JANUSD_HANDOVER", told)
                self.assertIn("is refused, and this process ends", told)
                self.assertIn(named, told)

    def test_somebody_elses_child_is_not_ended(self):
        bystander = subprocess.Popen(["sleep", "1000"])
        self.box.adopt(bystander.pid)
        self.addCleanup(bystander.wait)
        self.addCleanup(bystander.kill)
        memory = os.memfd_create("state")
        janusd = self.start_janusd(
            wait=False, words=start_words(fds=[memory] * 3), pass_fds=[memory],
            env={**os.environ,
                 "JANUSD_HANDOVER": f"1 PID keep=3,4 state=5 worker={bystander.pid}"})
        os.close(memory)
        self.assertEqual(janusd.wait_exit(), 1)
        self.assertIn("no child of this process", "\n".join(janusd.snapshot()))
        self.assertIsNone(bystander.poll())


if __name__ == "__main__":
    main()
