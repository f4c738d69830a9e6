# SPDX-License-Identifier: MIT
"""The demo, as users run it: twice in a row, from a folder with a space, leaving nothing."""

import os
import re
import subprocess

from case import Case, main
from daemon import program
import runtime

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

    def left(self, output):
        """What of this run is still there; others may run the demo at the same time."""
        cid = re.search(r"^     ([0-9a-f]{12})$", output, re.MULTILINE).group(1)
        folders = re.findall(r"/tmp/janus-demo\.\w+", output)
        return ([folder for folder in folders if os.path.exists(folder)]
                + [folder for folder, _, _ in os.walk("/sys/fs/cgroup")
                   if os.path.basename(folder).startswith(cid)])

    def test_it_works_twice_and_leaves_nothing(self):
        for _ in range(2):
            told = self.run_demo(self.build)
            self.assertEqual(told.returncode, 0, told.stdout)
            for line in ("     soup of the day", "Operation not permitted",
                         "unix:/tmp/janus-demo.",
                         "     <ALLOW> OPEN_PERM file '/srv/menu.txt' (demo-pod:demo-node)",
                         "     <DENY> OPEN_PERM file '/srv/recipe.txt' (demo-pod:demo-node)"):
                self.assertIn(line, told.stdout)
            self.assertEqual(self.left(told.stdout), [])

    def test_it_fails_where_janusd_does_not_start(self):
        folder = self.box.folder("broken", "janusd")
        for name in ("janusd", "janusctl"):
            link = os.path.join(self.box.folder("broken", name), name)
            if not os.path.lexists(link):
                os.symlink("/bin/false", link)
        told = self.run_demo(os.path.dirname(folder))
        self.assertNotEqual(told.returncode, 0)
        self.assertIn("demo: FAILED: janusd ended", told.stdout)
        self.assertEqual(self.left(told.stdout), [])

    def test_wrong_usage(self):
        self.assertEqual(self.run_demo().returncode, 2)


if __name__ == "__main__":
    main(runtime.require)
