# SPDX-License-Identifier: MIT
"""The first process: what it holds, what it says, and what becomes of its guards."""

import errno
import os
import signal

from case import Case, main
from certs import Authority
from daemon import READY, children
import openers
import sandbox
from sandbox import wait_until


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return {key: value.strip() for key, value in
                (line.split(":", 1) for line in status)}


class Guarded(Case):
    def guarded(self):
        goal = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[goal.pid], deny=["/data/recipe"])
        self.assert_denied(goal.run("cat /data/recipe"))
        return goal

    def restart(self, number=signal.SIGKILL):
        """Kill the worker, wait for the next one; a new client, since the old one waits."""
        mark = self.janusd.mark()
        pid = self.janusd.kill_worker(number)
        self.janusd.wait_line(READY, 15, since=mark)
        self.client = self.connect(self.janusd.address)
        return pid

    def refused(self, goal, path="/data/recipe"):
        self.assertEqual(openers.attempt(self.box, goal.root + path).errno, errno.EPERM)


class Processes(Guarded):
    def test_who_is_who(self):
        keeper, worker = (status_of(pid) for pid in (self.janusd.pid,
                                                     self.janusd.worker_pid))
        self.assertEqual((keeper["Name"], worker["Name"]), ("janusd", "janusd-worker"))
        self.assertEqual(keeper["Threads"], "1")
        self.assertEqual(int(keeper["CapEff"], 16), 0)
        self.assertEqual(worker["CapEff"], worker["CapPrm"])
        self.assertEqual(int(worker["CapPrm"], 16) & ~int(keeper["CapPrm"], 16), 0)
        print(f"RSS: keeper {keeper['VmRSS']}, worker {worker['VmRSS']}", flush=True)

    def test_a_stopped_keeper_takes_nothing_from_the_guards(self):
        goal = self.guarded()
        self.janusd.pause(self.janusd.pid)
        try:
            for _ in range(20):
                self.refused(goal)
            self.create("cellar", pid=[goal.pid], deny=["/data/recipe"])
            self.assertEqual(self.client.pods(), ["cellar", "kitchen"])
        finally:
            self.janusd.resume(self.janusd.pid)
        self.refused(goal)
        self.assertEqual(self.janusd.stop(), 0)

    def test_the_worker_does_not_outlive_the_keeper(self):
        goal = self.guarded()
        worker = self.janusd.worker_pid
        os.kill(self.janusd.pid, signal.SIGKILL)
        self.janusd.process.wait()
        wait_until(lambda: sandbox.state(worker) in (None, "Z"), 10, "the worker to die")
        self.assertEqual(openers.attempt(self.box, goal.root + "/data/recipe").errno, 0)

    def test_the_end_of_the_first_worker_before_it_is_ready_is_the_end(self):
        second = self.start_janusd(listen=[self.janusd.address], wait=False)
        self.assertEqual(second.wait_exit(), 1)
        told = "\n".join(second.snapshot())
        self.assertIn("another janusd runs there", told)
        self.assertNotIn("restarting", told)


    def test_nobody_takes_the_socket_between_two_workers(self):
        self.janusd.pause(self.janusd.pid)  # no next worker
        worker = self.janusd.kill_worker()
        wait_until(lambda: sandbox.state(worker) == "Z", 10, "the worker to die")
        second = self.start_janusd(listen=[self.janusd.address], wait=False)
        self.assertEqual(second.wait_exit(), 1)
        self.assertIn(f"another janusd runs there, process {self.janusd.pid}",
                      "\n".join(second.snapshot()))
        self.janusd.resume(self.janusd.pid)
        self.janusd.wait_line(READY, 15, count=2)
        self.assert_ok(self.connect(self.janusd.address).check())


class LongDeadline(Guarded):
    janusd_flags = ("--deadline", "60000")

    def test_who_waits_is_released_when_the_keeper_is_killed(self):
        goal = self.guarded()
        self.janusd.pause()
        waiting = openers.Attempt(self.box, goal.root + "/data/recipe")
        wait_until(lambda: sandbox.state(waiting.pid) == "D", 10, "the opener to wait")
        self.janusd.kill()
        self.assertEqual(waiting.wait().errno, 0)

    def test_who_waits_is_decided_about_by_the_next_worker(self):
        goal = self.guarded()
        self.janusd.pause(self.janusd.pid)  # no keeper, no next worker
        killed = self.janusd.kill_worker()
        wait_until(lambda: sandbox.state(killed) == "Z", 10, "the worker to die")
        waiting = openers.Attempt(self.box, goal.root + "/data/recipe")
        wait_until(lambda: sandbox.state(waiting.pid) == "D", 10, "the opener to wait")
        mark = self.janusd.mark()
        self.janusd.resume(self.janusd.pid)
        self.assertEqual(waiting.wait(30).errno, errno.EPERM)
        self.janusd.wait_record("<DENY> OPEN_PERM file '/data/recipe' (kitchen:node-1)",
                                since=mark)


class Restart(Guarded):
    def test_the_log_tells_how_it_ended_and_what_it_said_last(self):
        self.guarded()
        for number, name in ((signal.SIGKILL, "SIGKILL"), (signal.SIGABRT, "SIGABRT")):
            mark = self.janusd.mark()
            pid = self.restart(number)
            self.janusd.wait_line(rf"^janusd: warning: worker {pid} was killed by {name}; "
                                  r'it last said: "janusd: .*"; restarting.* '
                                  r"\(restart number \d\)$", since=mark)
        self.assertTrue(any("it last said: \"janusd: audit: janus.Janusd/CreateGuard "
                            "guard=\\'guard\\' pod=\\'kitchen\\'" in line
                            for line in self.janusd.snapshot()))

    def test_guards_come_back_as_they_were(self):
        goal = self.target({f"/data/{name}": "x\n" for name in ("a", "b", "c", "d")})
        for pod in ("one", "two", "three", "four"):
            self.create(pod, pid=[goal.pid], deny=["/data/a"], tags={"pod": pod})
        self.create("two", pid=[goal.pid], deny=["/data/b"], tags={"is": "changed"})
        self.assert_ok(self.client.destroy(self.client.config(
            nodeName="node-1", podName="three")))
        before = self.client.state()
        for _ in range(3):
            self.restart()
            self.assertEqual(self.client.state(), before)
            for path in ("/data/a", "/data/b"):
                self.refused(goal, path)
        mark = self.janusd.mark()
        goal.run("cat /data/b")
        self.janusd.wait_record("<DENY> OPEN_PERM file '/data/b' (two:node-1) is=changed",
                                since=mark)
        for pod in ("one", "two", "four"):
            self.assert_ok(self.client.destroy(self.client.config(
                nodeName="node-1", podName=pod)))
        self.restart()
        self.assertEqual(self.client.pods(), [])
        self.assert_allowed(goal.run("cat /data/a"), "x")
        self.create("five", pid=[goal.pid], deny=["/data/c"])
        self.restart()
        self.assertEqual(self.client.pods(), ["five"])
        self.refused(goal, "/data/c")

    def test_what_ended_meanwhile_is_told_and_forgotten(self):
        stays, goes = self.target({"/data/recipe": "salt\n"}), self.target({"/data/x": "x\n"})
        self.create("gone", pid=[goes.pid], deny=["/data/x"])
        self.create("there", pid=[stays.pid], deny=["/data/recipe"])
        self.create("half", pid=[goes.pid, stays.pid], deny=["/data/x", "/data/recipe"])
        self.janusd.pause(self.janusd.pid)
        mark = self.janusd.mark()
        worker = self.janusd.kill_worker()
        wait_until(lambda: sandbox.state(worker) == "Z", 10, "the worker to die")
        goes.process.kill()
        goes.process.wait()
        self.janusd.resume(self.janusd.pid)
        self.janusd.wait_line(READY, 15, since=mark)
        self.client = self.connect(self.janusd.address)
        self.assertEqual([(handle.podName, list(handle.pid)) for handle in
                          self.client.state()],
                         [("there", [stays.pid]), ("half", [stays.pid])])
        self.janusd.wait_line(rf"\(gone:node-1\): process '{goes.pid}' has ended$", since=mark)
        self.janusd.wait_line(rf"\(half:node-1\): process '{goes.pid}' has ended$", since=mark)
        self.janusd.wait_line("2 guards are in force again, 1 have ended, 0 are lost",
                              since=mark)
        self.refused(stays)
        # Its controller destroys it all the same.
        self.assert_ok(self.client.destroy(self.client.config(
            nodeName="node-1", podName="gone")))
        mark = self.janusd.mark()
        self.restart()
        self.assertNotIn("has ended", "\n".join(self.janusd.snapshot(mark)))

    def test_what_cannot_be_guarded_any_more_is_told(self):
        goal = self.guarded()
        os.unlink(goal.root + "/data/recipe")
        mark = self.janusd.mark()
        self.restart()
        self.janusd.wait_line("^janusd: error: guard 1 of the last worker is not in force any "
                              "more: .*/data/recipe", since=mark)
        self.assertEqual(self.client.pods(), [])

    def test_it_ends_while_there_is_no_worker(self):
        self.guarded()
        for _ in range(6):
            pid = self.janusd.kill_worker()
            wait_until(lambda: pid not in children(self.janusd.pid), 10, "it to be gone")
        self.assertEqual(self.janusd.stop(), 0)

    def test_any_port_stays_the_same(self):
        janusd = self.start_janusd(listen=["127.0.0.1:0", "[::1]:0"])
        before = janusd.bound()
        mark = janusd.mark()
        janusd.kill_worker()
        janusd.wait_line(READY, 15, since=mark)
        self.assertEqual(janusd.bound(), before * 2)
        for address, _ in before:
            self.assert_ok(self.connect(address).check())


class Certificates(Guarded):
    """Whether anybody can be served is one thing, whether files are guarded another."""

    janusd_flags = None

    def setUp(self):
        super().setUp()
        authority = Authority(self.box.folder(self.unique("tls")), "authority")
        self.server = authority.sign("server")
        self.janusd = self.start_janusd(
            "-tls", "-tlscafile", authority.cert, "-tlscertfile", self.server.cert,
            "-tlskeyfile", self.server.key, "--on-failure", "deny",
            listen=["unix:" + self.box.folder(self.unique("s")) + "/s", "127.0.0.1:0"])
        self.client = self.connect(self.janusd.bound()[0][0])

    def lose_certificate(self):
        mark = self.janusd.mark()
        os.rename(self.server.cert, self.server.cert + ".away")
        self.janusd.kill_worker()
        self.janusd.wait_line("1 guards are in force all the same", 15, since=mark)
        return mark

    def test_guards_do_not_need_them(self):
        goal = self.guarded()
        mark = self.lose_certificate()
        self.refused(goal)
        self.janusd.wait_record("<DENY> OPEN_PERM file '/data/recipe'", since=mark)
        os.rename(self.server.cert + ".away", self.server.cert)
        self.janusd.wait_line(READY, 15, since=mark)
        self.client = self.connect(self.janusd.bound()[0][0])
        self.assertEqual(self.client.pods(), ["kitchen"])
        self.refused(goal)
        self.assertEqual(self.janusd.stop(), 0)

    def test_it_ends_while_nobody_is_served(self):
        goal = self.guarded()
        self.lose_certificate()
        self.assertEqual(self.janusd.stop(), 0)
        self.assertEqual(openers.attempt(self.box, goal.root + "/data/recipe").errno, 0)


class BlockedStderr(Guarded):
    janusd_flags = None

    def test_the_keeper_does_not_wait_for_it(self):
        self.janusd = self.start_janusd(collect=False)
        wait_until(lambda: os.path.exists(self.janusd.socket), 15, "janusd's socket")
        self.client = wait_until(self.dial, 15, "janusd to serve")
        goal = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[goal.pid], deny=["/data/recipe"], tags={"k": "v" * 250})
        goal.run("i=0; while [ $i -lt 1000 ]; do read -r x </data/recipe; i=$((i + 1)); "
                 "done; true", timeout=60)
        for _ in range(4):
            pid = self.janusd.kill_worker()
            wait_until(lambda: self.janusd.worker_pid != pid, 15, "the next worker")
            self.client = wait_until(self.dial, 15, "janusd to serve")
            self.refused(goal)
            self.assertEqual(self.client.pods(), ["kitchen"])
        self.janusd.collect()
        self.janusd.wait_line(READY, 15)  # the pipe has been read, up to its end
        self.janusd.kill_worker()
        self.janusd.wait_line(r"^janusd: warning: \d+ log lines were dropped: standard error "
                              "was not read in time", 15)
        self.janusd.wait_line(r"restart number 5\)$", 15)
        self.refused(goal)
        self.assertEqual(self.janusd.stop(), 0)

    def dial(self):
        client = self.connect(self.janusd.address)
        return client if client.check(timeout=2).name == "OK" else None


if __name__ == "__main__":
    main()
