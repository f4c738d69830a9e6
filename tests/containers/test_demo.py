# SPDX-License-Identifier: MIT
"""The demo, as users run it: twice in a row, from a folder with a space, leaving nothing."""

import glob
import os
import subprocess

from case import Case, main
from daemon import program
import runtime
import sandbox

DEMO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "demo", "demo.sh")


class Demo(Case):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        self.build = self.box.folder("a build")
        for name in ("janusd", "janusctl"):
            link = os.path.join(self.box.folder("a build", name), name)
            if not os.path.islink(link):
                os.symlink(os.path.realpath(program(name)), link)

    def run_demo(self, *words):
        return subprocess.run([DEMO, *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=60, check=False)

    def left(self):
        return (sorted(glob.glob("/tmp/janus-demo.*"))
                + [folder for folder, _, _ in os.walk("/sys/fs/cgroup")
                   if len(os.path.basename(folder)) == 64])

    def test_it_works_twice_and_leaves_nothing(self):
        before = self.left()
        for _ in range(2):
            told = self.run_demo(self.build)
            self.assertEqual(told.returncode, 0, told.stdout)
            for line in ("     soup of the day", "Operation not permitted",
                         "     <ALLOW> OPEN_PERM file '/srv/menu.txt' (demo-pod:demo-node)",
                         "     <DENY> OPEN_PERM file '/srv/recipe.txt' (demo-pod:demo-node)"):
                self.assertIn(line, told.stdout)
            sandbox.wait_until(lambda: self.left() == before, 10, "the demo's things to go")

    def test_it_fails_where_janusd_does_not_start(self):
        before = self.left()
        folder = self.box.folder("broken", "janusd")
        for name in ("janusd", "janusctl"):
            link = os.path.join(self.box.folder("broken", name), name)
            if not os.path.lexists(link):
                os.symlink("/bin/false", link)
        told = self.run_demo(os.path.dirname(folder))
        self.assertNotEqual(told.returncode, 0)
        self.assertIn("demo: FAILED: janusd ended", told.stdout)
        sandbox.wait_until(lambda: self.left() == before, 10, "the demo's things to go")

    def test_wrong_usage(self):
        self.assertEqual(self.run_demo().returncode, 2)


if __name__ == "__main__":
    main(runtime.require)
