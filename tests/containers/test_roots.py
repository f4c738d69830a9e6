# SPDX-License-Identifier: MIT
"""Whose file is meant: roots on shared and own superblocks, symlinks, copy-up."""

import os
import subprocess

from case import Case, main
import runtime
import tree


def host_reads(path):
    """By a process of the host, with a deadline: it might be guarded by mistake."""
    return subprocess.run(["cat", path], capture_output=True, text=True, timeout=10,
                          check=False)


class Symlinks(Case):
    def test_an_absolute_symlink_stays_inside_the_containers_root(self):
        outside = self.box.folder("outside")
        tree.write(outside, "recipe", "of the host\n")
        box = self.container()
        box.write(outside + "/recipe", "of the container\n")
        self.assertEqual(box.run(f"rmdir /data && ln -s {outside} /data").status, 0)
        self.create("kitchen", cid=[box.id], deny=["/data/recipe"])
        self.assert_denied(box.run("cat /data/recipe"))
        self.assert_denied(box.run(f"cat {outside}/recipe"))
        self.janusd.wait_record(f"<DENY> OPEN_PERM file '{outside}/recipe'", count=2)
        there = host_reads(outside + "/recipe")
        self.assertEqual(there.stdout, "of the host\n", there)

    def test_a_symlink_to_what_only_the_host_has_guards_nothing(self):
        outside = self.box.folder("outside-only")
        tree.write(outside, "recipe", "of the host\n")
        box = self.container()
        box.run(f"rmdir /data && ln -s {outside} /data")
        refused = self.client.create(
            self.client.guard("kitchen", cid=[box.id], deny=["/data/recipe"]))
        self.assert_code(refused, "FAILED_PRECONDITION", "/data/recipe")
        self.assertEqual(host_reads(outside + "/recipe").stdout, "of the host\n")
        self.assertEqual(self.client.pods(), [])

    def test_dots_do_not_climb_out(self):
        outside = self.box.folder("outside-dots")
        tree.write(outside, "recipe", "of the host\n")
        box = self.container()
        box.write(outside + "/recipe", "of the container\n")
        climb = "/../../../../../../../../.." + outside + "/recipe"
        self.create("kitchen", cid=[box.id], deny=[climb])
        self.assert_denied(box.run(f"cat {outside}/recipe"))
        self.assertEqual(host_reads(outside + "/recipe").stdout, "of the host\n")

    def test_links_through_proc_are_not_followed(self):
        """/proc/1/root and /proc/PID/fd are doors to other trees."""
        box = self.container()
        box.write("/data/recipe", "salt\n")
        box.run("ln -s /proc/1/root/data/recipe /data/door")
        answer = self.create("kitchen", cid=[box.id], deny=["/data/recipe", "/data/door"])
        self.assertEqual(answer.trailing["janus-skipped"], "1")
        self.assertIn("/data/door", answer.trailing["janus-skipped-first"])


class CopyUp(Case):
    FILES = {"/data/recipe": "salt\n", "/data/shelf/spice": "pepper\n",
             "/data/menu": "soup\n"}

    def survives(self, other_layer):
        box = self.overlay_container(self.FILES, other_layer)
        self.create("kitchen", cid=[box.id], allow=["/data/menu"],
                    deny=["/data/recipe", "/data/shelf"])
        upper = os.path.join(os.path.dirname(box.root), "top", "upper")
        for path in ("/data/recipe", "/data/shelf/spice"):
            self.assert_denied(box.run(f"cat {path}"))
            self.assertFalse(os.path.exists(upper + path))
            # Changes the mode without opening the file: overlayfs copies it up.
            self.assertEqual(box.run(f"chmod 640 {path}").status, 0)
            self.assertTrue(os.path.exists(upper + path))
            self.assert_denied(box.run(f"cat {path}"))
            self.assert_denied(box.run(f"echo more >>{path}"))
            self.assert_denied(box.exec("cat", path))
            self.janusd.wait_record(f"<DENY> OPEN_PERM file '{path}' (kitchen:node-1)",
                                    count=4)
        self.assert_allowed(box.run("echo cake >>/data/menu && cat /data/menu"), "soup\ncake")
        self.janusd.wait_record("<ALLOW> OPEN_PERM file '/data/menu'", count=2)

    def test_deny_survives_with_layers_on_one_filesystem(self):
        self.survives(other_layer=False)

    def test_deny_survives_with_layers_on_different_filesystems(self):
        self.survives(other_layer=True)

    def test_a_guard_made_after_copy_up_is_as_good(self):
        box = self.overlay_container(self.FILES, other_layer=True)
        box.run("chmod 640 /data/recipe")
        self.create("kitchen", cid=[box.id], deny=["/data/recipe"])
        self.assert_denied(box.run("cat /data/recipe"))


if __name__ == "__main__":
    main(runtime.require)
