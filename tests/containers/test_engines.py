# SPDX-License-Identifier: MIT
"""The same story with each runtime that people have.

JANUS_TEST_ENGINE says which: one of ENGINES below.
"""

import json
import os
import re
import subprocess

import engines
import sandbox
from case import Case, main

ENGINES = {
    "docker": (engines.Docker, {}),
    "containerd": (engines.Containerd, {}),
    "cri": (engines.Cri, {}),
    "cri-shared-pids": (engines.Cri, {"share_pids": True}),
    "cri-host-pids": (engines.Cri, {"host_pids": True}),
    "podman": (engines.Podman, {}),
    "podman-crun": (engines.Podman, {"runtime": "crun"}),
    "podman-rootless": (engines.RootlessPodman, {}),
    "podman-rootless-runc": (engines.RootlessPodman, {"runtime": "runc", "storage": "vfs"}),
    "crun": (engines.Crun, {"manager": "cgroupfs"}),
    "crun-without-cgroup": (engines.Crun, {"manager": "disabled"}),
}

WHO = "<{response}> {path} {pid} {comm} {exe} {container} {runtime}"
ENGINE = os.environ["JANUS_TEST_ENGINE"]


class Engine(Case):
    """With a runtime and a janusd, and nothing running yet."""

    janusd_flags = None

    def setUp(self):
        super().setUp()
        kind, options = ENGINES[ENGINE]
        self.engine = kind(self.box, **options)
        self.addCleanup(self.engine.close)
        self.janusd = self.start_janusd()
        self.client = self.connect(self.janusd.address)

    def check_denied(self, result):
        self.assertNotEqual(result.status, 0, result)
        self.assertRegex(result.output.lower(), "not permitted")

    def check_attributed(self, box):
        """Also of a process that is not the container's first."""
        self.janusd.wait_line(rf"^<DENY> /data/recipe \d+ cat /bin/busybox {box.id} "
                              f"{self.engine.runtime}$")


class Story(Engine):
    def check_listed(self, box):
        done = subprocess.run([os.environ["JANUSCTL"], "containers", "--json"],
                              capture_output=True, text=True, timeout=30, check=True)
        found = {one["id"]: one for one in json.loads(done.stdout)}
        self.assertIn(box.id, found)
        entry = found[box.id]
        self.assertEqual(entry["pid"], box.pid)
        self.assertEqual(entry["runtime"], self.engine.runtime)
        self.assertTrue(os.path.samefile(os.path.join(entry["root"], "bin/busybox"),
                                         f"/proc/{box.pid}/root/bin/busybox"), entry)

    def test_its_containers_are_guarded_from_their_id_to_their_end(self):
        box = self.engine.run("kitchen")
        self.check_listed(box)
        answer = self.create("kitchen", cid=[box.uri], deny=["/data/recipe"],
                             allow=["/data/menu"], log_format=WHO)
        self.assertEqual(list(answer.message.pid), [box.pid])
        self.check_denied(box.cat("/data/recipe"))
        self.check_attributed(box)
        menu = box.cat("/data/menu")
        self.assertEqual((menu.status, menu.output), (0, "soup"), menu)
        self.assertEqual(self.client.pods(), ["kitchen"])
        box.kill()
        sandbox.wait_until(lambda: not self.client.pods(), 30, "the guard to end")
        self.janusd.wait_line(re.escape(f"container '{box.id}' has ended"))

    def test_the_others_are_left_alone(self):
        one, two = self.engine.run("kitchen"), self.engine.run("pantry")
        self.create("kitchen", cid=[one.uri], deny=["/data/recipe"])
        self.check_denied(one.cat("/data/recipe"))
        other = two.cat("/data/recipe")
        self.assertEqual((other.status, other.output), (0, "salt"), other)


if issubclass(ENGINES[ENGINE][0], engines.Cri):
    class Pods(Engine):
        def guard(self, name, box):
            self.create(name, cid=[box.uri], deny=["/data/recipe"], log_format=WHO)
            self.check_denied(box.cat("/data/recipe"))
            self.check_attributed(box)

        def end(self, box, left):
            box.kill()
            sandbox.wait_until(lambda: sorted(self.client.pods()) == left, 30,
                               f"the guards to be {left}")
            self.janusd.wait_line(re.escape(f"container '{box.id}' has ended"))

        def test_containers_of_one_pod_are_told_apart(self):
            pod = self.engine.pod("restaurant")
            kitchen = self.engine.run_in(*pod, "kitchen")
            pantry = self.engine.run_in(*pod, "pantry")
            self.guard("kitchen", kitchen)
            self.assertEqual(pantry.cat("/data/recipe").status, 0)
            self.guard("pantry", pantry)
            self.end(kitchen, ["pantry"])
            self.check_denied(pantry.cat("/data/recipe"))

        def test_a_container_that_comes_later_is_one_of_its_own(self):
            pod = self.engine.pod("restaurant")
            kitchen = self.engine.run_in(*pod, "kitchen")
            self.guard("kitchen", kitchen)
            # An ephemeral one: among the processes of the first, with a root of its own.
            inspector = self.engine.run_in(*pod, "inspector", target=kitchen)
            self.assertEqual(inspector.cat("/data/recipe").status, 0)
            self.check_denied(inspector.cat(f"/proc/{kitchen.pid_inside()}/root/data/recipe"))
            self.guard("inspector", inspector)
            self.end(inspector, ["kitchen"])
            self.check_denied(kitchen.cat("/data/recipe"))


if __name__ == "__main__":
    main(lambda: engines.require(*ENGINES[ENGINE][0].programs))
