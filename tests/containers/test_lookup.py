# SPDX-License-Identifier: MIT
"""Which containers run here, and which processes they have, by janusctl and without janusd."""

import json
import os
import subprocess

from case import Case, main
import runtime


def janusctl(*words):
    return subprocess.run([os.environ["JANUSCTL"], *words], capture_output=True, text=True,
                          timeout=30, check=False)


def containers():
    done = janusctl("containers", "--json")
    if done.returncode:
        raise AssertionError(done.stderr)
    return {one["id"]: one for one in json.loads(done.stdout)}


class Lookup(Case):
    janusd_flags = None

    def test_all_containers_are_listed_as_they_are(self):
        one, two = self.container(), self.container()
        found = containers()
        for box in (one, two):
            entry = found[box.id]
            self.assertEqual(entry["pid"], box.pid)
            self.assertEqual(entry["pids"], [box.pid])
            self.assertTrue(entry["cgroup"].endswith("/" + box.id), entry)
            self.assertTrue(os.path.samefile(os.path.join(entry["root"], "bin/busybox"),
                                             f"/proc/{box.pid}/root/bin/busybox"))

    def test_lines_have_the_same(self):
        box = self.container()
        lines = janusctl("containers").stdout.splitlines()
        self.assertEqual(lines[0].split(), ["ID", "RUNTIME", "PID", "ROOT", "CGROUP"])
        self.assertEqual([line.split()[2] for line in lines if box.id in line],
                         [str(box.pid)])

    def test_pids_are_those_of_one_container(self):
        box = self.container()
        box.exec_detached("sleep 1000")
        pids = janusctl("pids", box.id[:12]).stdout.split()
        self.assertEqual(len(pids), 2)
        self.assertIn(str(box.pid), pids)
        self.assertEqual(json.loads(janusctl("pids", "--json", "docker://" + box.id)
                                    .stdout)["pids"], sorted(int(pid) for pid in pids))

    def test_the_shapes_of_systemd_name_the_runtime(self):
        for shape, name in (("docker-{}.scope", "docker"), ("libpod-{}.scope", "podman"),
                            ("cri-containerd-{}.scope", "containerd"),
                            ("crio-{}.scope", "cri-o")):
            with self.subTest(shape=shape):
                cid = runtime.new_id()
                box = self.container(cid=cid, cgroup="/janus.slice/" + shape.format(cid))
                entry = containers()[cid]
                self.assertEqual((entry["pid"], entry["runtime"]), (box.pid, name))
                self.assertTrue(entry["cgroup"].endswith(
                    "/janus.slice/" + shape.format(cid)), entry)

    def test_what_is_not_there_is_said(self):
        for word in (runtime.new_id(), "no-such"):
            done = janusctl("pids", word)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("no such container", done.stderr)
        self.assertEqual(janusctl("pids", "a/b").returncode, 1)
        self.assertEqual(janusctl("pids").returncode, 2)

    def test_one_that_has_ended_is_listed_no_more(self):
        box = self.container()
        self.assertIn(box.id, containers())
        box.close()
        self.assertNotIn(box.id, containers())

    def test_one_that_is_paused_is_listed(self):
        box = self.container()
        self.assertEqual(runtime.runc(self.box, "pause", box.id).returncode, 0)
        self.assertIn(box.id, containers())
        self.assertEqual(runtime.runc(self.box, "resume", box.id).returncode, 0)


if __name__ == "__main__":
    main(runtime.require, grpc=False)
