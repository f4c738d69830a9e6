#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is delivered for clusters: against the contract, the unit and the programs themselves."""

import os
import re
import subprocess
import unittest

import yaml

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LABELS = {"daemon": "janusd"}


def read(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def help_of(name):
    return subprocess.run([os.environ[name], "--help"], capture_output=True, text=True,
                          timeout=30, check=True).stdout


def options(words):
    return [word.lstrip("-") for word in words if word.startswith("-")]


class Kubernetes(unittest.TestCase):
    def setUp(self):
        self.objects = {one["kind"]: one for one in
                        yaml.safe_load_all(read("deploy/kubernetes/janusd.yaml"))}
        self.pod = self.objects["DaemonSet"]["spec"]["template"]
        self.container, = self.pod["spec"]["containers"]

    def test_each_object_has_its_version_and_place(self):
        self.assertEqual({kind: one["apiVersion"] for kind, one in self.objects.items()},
                         {"Namespace": "v1", "Service": "v1", "DaemonSet": "apps/v1"})
        self.assertEqual(self.objects["Namespace"]["metadata"]["name"], "janus")
        for kind in ("Service", "DaemonSet"):
            self.assertEqual(self.objects[kind]["metadata"]["namespace"], "janus")

    def test_controllers_find_it(self):
        service = self.objects["Service"]
        self.assertEqual(service["metadata"]["name"], "janusd-svc")
        self.assertEqual(service["spec"]["clusterIP"], "None")
        self.assertEqual(service["spec"]["selector"], LABELS)
        self.assertEqual(service["spec"]["ports"],
                         [{"name": "grpc", "port": 50051, "targetPort": "grpc"}])
        self.assertEqual(self.objects["DaemonSet"]["spec"]["selector"], {"matchLabels": LABELS})
        self.assertEqual(self.pod["metadata"]["labels"], LABELS)
        port, = self.container["ports"]
        self.assertEqual((port["name"], port["containerPort"]), ("grpc", 50051))
        self.assertIn("0.0.0.0:50051", self.container["args"])

    def test_it_may_what_the_unit_may(self):
        self.assertIs(self.pod["spec"]["hostPID"], True)
        context = self.container["securityContext"]
        unit = re.search(r"^CapabilityBoundingSet=(.*)", read("deploy/systemd/janusd.service"),
                         re.MULTILINE)[1]
        self.assertEqual(sorted("CAP_" + name for name in context["capabilities"]["add"]),
                         sorted(unit.split()))
        self.assertEqual(context["capabilities"]["drop"], ["ALL"])
        self.assertIs(context["privileged"], False)
        self.assertIs(context["allowPrivilegeEscalation"], False)
        self.assertIs(context["readOnlyRootFilesystem"], True)
        self.assertGreaterEqual(self.pod["spec"]["terminationGracePeriodSeconds"], 15)

    def test_its_words_are_janusds(self):
        known = help_of("JANUSD")
        for name in options(self.container["args"]):
            self.assertRegex(known, rf"-{name}\b")
        self.assertIn("$(NODE_NAME)", self.container["args"])
        self.assertEqual([one["name"] for one in self.container["env"]], ["NODE_NAME"])

    def test_it_is_asked_for_its_health(self):
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            program, *words = self.container[probe]["exec"]["command"]
            self.assertEqual(program, "janusctl")
            self.assertIn(words[words.index("--address") + 1], self.container["args"])
            # Nobody listens there: a failure, but not of its words.
            words[words.index("--address") + 1] = "unix:/nowhere/at/all/s"
            done = subprocess.run([os.environ["JANUSCTL"], *words], capture_output=True,
                                  timeout=30, check=False)
            self.assertEqual(done.returncode, 1, done)

    def test_volumes_are_there_and_all_are_used(self):
        volumes = {one["name"] for one in self.pod["spec"]["volumes"]}
        self.assertEqual({one["name"] for one in self.container["volumeMounts"]}, volumes)
        folders = [one["mountPath"] for one in self.container["volumeMounts"]]
        for word in self.container["args"]:
            path = word.removeprefix("unix:")
            if path.startswith("/"):
                self.assertIn(os.path.dirname(path), folders)


class Image(unittest.TestCase):
    def setUp(self):
        text = read("deploy/container/Dockerfile")
        self.build, self.run_part = text.replace("\\\n", " ").split("\nFROM ")[1:]

    def test_it_is_built_with_what_a_build_needs(self):
        group = re.search(r"need_build\(\)\n{(.*?)\n}", read("cmake/bootstrap.sh"), re.DOTALL)[1]
        needed = set(re.findall(r"need (\S+)", group)) - {"scdoc"}
        self.assertEqual(needed - set(self.build.split()), set())

    def test_it_holds_what_the_programs_are_linked_with(self):
        for name in ("JANUSD", "JANUSCTL"):
            dynamic = subprocess.run(["readelf", "--dynamic", "--wide", os.environ[name]],
                                     capture_output=True, text=True, check=True).stdout
            for library in re.findall(r"NEEDED.*\[(.*)\]", dynamic):
                owner = subprocess.run(["dpkg", "-S", f"*/{library}"], capture_output=True,
                                       text=True, check=False).stdout
                packages = {line.split(":")[0] for line in owner.splitlines()}
                if packages & {"libc6", "libgcc-s1"} or library.startswith("libjanus"):
                    continue
                with self.subTest(program=name, library=library):
                    self.assertTrue(packages & set(self.run_part.split()), packages)

    def test_no_name_has_a_host_in_it(self):
        for image in re.findall(r"^(?:FROM |.*image: )(\S+)",
                                read("deploy/container/Dockerfile") +
                                read("deploy/kubernetes/janusd.yaml"), re.MULTILINE):
            self.assertNotIn("/", image)


if __name__ == "__main__":
    unittest.main(verbosity=2)
