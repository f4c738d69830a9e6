# SPDX-License-Identifier: MIT
"""autoAllowOwner: the container's first process and what descends from it, nobody else."""

from case import Case, main
import runtime

# The builtins' redirections are opened by the shell itself, under its new name.
POSE = """printf '%s' "$1" >/proc/self/comm
read -r line </data/recipe
status=$?
cat /proc/$$/comm
exit $status"""


class Owner(Case):
    def guarded(self, **subject):
        box = self.container()
        box.write("/data/recipe", "salt\n")
        self.create("kitchen", cid=[box.id], deny=["/data/recipe"], autoAllowOwner=True,
                    **subject)
        return box

    def test_the_first_process_may(self):
        box = self.guarded()
        self.assert_allowed(box.run("read -r x </data/recipe && echo $x"), "salt")
        self.janusd.wait_record("<ALLOW> OPEN_PERM file '/data/recipe' (kitchen:node-1)")

    def test_its_children_and_theirs_may(self):
        box = self.guarded()
        self.assert_allowed(box.run("cat /data/recipe"), "salt")
        self.assert_allowed(box.run("sh -c 'sh -c \"cat /data/recipe\"; :'"), "salt")

    def test_a_process_that_was_put_into_the_container_may_not(self):
        box = self.guarded()
        self.assert_denied(box.exec("cat", "/data/recipe"))
        self.assert_denied(box.exec_shell("cat /data/recipe; cat /data/recipe"))
        self.janusd.wait_record("<DENY> OPEN_PERM file '/data/recipe'", count=3)

    def test_without_it_nobody_may(self):
        box = self.container()
        box.write("/data/recipe", "salt\n")
        self.create("kitchen", cid=[box.id], deny=["/data/recipe"])
        self.assert_denied(box.run("read -r x </data/recipe"))
        self.assert_denied(box.exec("cat", "/data/recipe"))

    def test_a_name_that_poses_as_a_line_of_proc_may_not(self):
        """The name stands in /proc/PID/stat, between the parentheses, as the process likes."""
        box = self.guarded()
        names = [f"a) S {box.pid} (", f"a) R {box.pid} 1", "x) S 1 1 1 (", f"({box.pid}) S 1",
                 ") S 1 (", f"a\nPPid:\t{box.pid}"[:15], f"sh) S {box.pid}"[:15]]
        for name in names:
            with self.subTest(name=name):
                result = box.exec("/bin/sh", "-c", POSE, "sh", name)
                self.assert_denied(result)
                self.assertIn(name, result.output)

    def test_the_owner_of_one_container_is_a_stranger_in_another(self):
        box, other = self.guarded(), self.container()
        other.write("/data/recipe", "sugar\n")
        self.create("bakery", cid=[other.id], deny=["/data/recipe"], autoAllowOwner=True)
        for mine, pod in ((box, "kitchen"), (other, "bakery")):
            mark = self.janusd.mark()
            self.assertEqual(mine.run("cat /data/recipe").status, 0)
            self.janusd.wait_line(f"^<ALLOW> .*{pod}:node-1", since=mark)
            self.assert_denied(mine.exec("cat", "/data/recipe"))


if __name__ == "__main__":
    main(runtime.require)
