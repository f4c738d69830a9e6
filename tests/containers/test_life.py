# SPDX-License-Identifier: MIT
"""A guard follows its containers: it ends with them, and names who has asked."""

import os
import re
import signal

from case import Case, main
import runtime
import sandbox

WHO = "<{response}> {path} {pid} {nspid} {comm} {exe} {container} {runtime} {uid}"


def marks_of(pid):
    """Marks of all fanotify groups of a process."""
    count = 0
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as info:
                count += info.read().count("fanotify ino:")
        except FileNotFoundError:  # closed meanwhile
            pass
    return count


class Life(Case):
    def wait_gone(self, pod):
        sandbox.wait_until(lambda: pod not in self.client.pods(), 20, f"{pod} to be gone")

    def test_a_guard_ends_with_its_only_container(self):
        box = self.container()
        box.write("/data/recipe", "salt\n")
        self.create("kitchen", cid=[box.id], deny=["/data/recipe"])
        self.assert_denied(box.run("cat /data/recipe"))
        self.assertGreater(marks_of(self.janusd.worker_pid), 0)
        os.kill(box.pid, signal.SIGKILL)
        self.wait_gone("kitchen")
        self.janusd.wait_line(f"container '{box.id}' has ended")
        self.assertEqual(marks_of(self.janusd.worker_pid), 0)

    def test_the_other_containers_of_a_pod_stay_guarded(self):
        one, two = self.container(), self.container()
        for box in (one, two):
            box.write("/data/recipe", "salt\n")
        self.create("kitchen", cid=[one.id, two.id], deny=["/data/recipe"])
        os.kill(one.pid, signal.SIGKILL)
        self.janusd.wait_line(f"container '{one.id}' has ended")
        self.assertEqual(self.client.pods(), ["kitchen"])
        self.assert_denied(two.run("cat /data/recipe"))
        os.kill(two.pid, signal.SIGKILL)
        self.wait_gone("kitchen")

    def test_a_pod_whose_container_comes_again_is_guarded_again(self):
        for _ in range(2):
            box = self.container()
            box.write("/data/recipe", "salt\n")
            self.create("kitchen", cid=[box.id], deny=["/data/recipe"])
            self.assert_denied(box.run("cat /data/recipe"))
            os.kill(box.pid, signal.SIGKILL)
            self.wait_gone("kitchen")

    def test_what_looks_like_an_end_is_none(self):
        box = self.container()
        box.write("/data/recipe", "salt\n")
        self.create("kitchen", cid=[box.id], deny=["/data/recipe"])
        self.assertEqual(box.exec("true").status, 0)
        self.assertEqual(runtime.runc(self.box, "pause", box.id).returncode, 0)
        self.assertEqual(self.client.pods(), ["kitchen"])
        self.assertEqual(runtime.runc(self.box, "resume", box.id).returncode, 0)
        self.assert_denied(box.run("cat /data/recipe"))
        self.assertEqual(self.client.pods(), ["kitchen"])

    def test_a_replaced_guard_does_not_end_with_what_it_had(self):
        one, two = self.container(), self.container()
        for box in (one, two):
            box.write("/data/recipe", "salt\n")
        self.create("kitchen", cid=[one.id], deny=["/data/recipe"])
        self.create("kitchen", cid=[two.id], deny=["/data/recipe"])
        os.kill(one.pid, signal.SIGKILL)
        self.assert_denied(two.run("cat /data/recipe"))
        self.assertEqual(self.client.pods(), ["kitchen"])

    def test_each_record_names_who_it_was(self):
        box = self.container()
        box.write("/data/recipe", "salt\n")
        self.create("kitchen", cid=[box.id], deny=["/data/recipe"], log_format=WHO)
        box.run("true < /data/recipe")
        self.janusd.wait_line("^" + re.escape(
            f"<DENY> /data/recipe {box.pid} 1 sh /bin/busybox {box.id}") + " .* 0$")
        box.run("cat /data/recipe; cat /data/recipe")
        self.janusd.wait_line(
            rf"^<DENY> /data/recipe \d+ \d+ cat /bin/busybox {box.id} .* 0$")
        box.exec("/bin/busybox", "head", "/data/recipe")
        self.janusd.wait_line(
            rf"^<DENY> /data/recipe \d+ \d+ busybox /bin/busybox {box.id} .* 0$")

    def test_a_stranger_is_told_from_the_container(self):
        box = self.container()
        box.write("/data/recipe", "salt\n")
        self.create("kitchen", cid=[box.id], deny=["/data/recipe"], log_format=WHO)
        with self.assertRaises(PermissionError):
            with open(box.host_path("/data/recipe"), encoding="ascii"):
                pass
        self.janusd.wait_line(rf"^<DENY> .*/data/recipe {os.getpid()} .* - - 0$")


if __name__ == "__main__":
    main(runtime.require)
