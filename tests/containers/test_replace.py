# SPDX-License-Identifier: MIT
"""Guards change while the container tries to get through, without end."""

from case import Case, main
import runtime
from sandbox import wait_until

ROUNDS = 200

# Builtins only: the shell itself opens the file, some ten thousand times a second.
HAMMER = """
exec 2>/tmp/errors
tries=0 opened=0
while [ ! -e /tmp/stop ]; do
	read -r line </data/shelf/recipe && opened=$((opened + 1))
	tries=$((tries + 1))
done
echo "$tries $opened" >/tmp/result.new
mv /tmp/result.new /tmp/result
"""


class Replace(Case):
    def hammer(self, box):
        box.write("/tmp/hammer", HAMMER)
        box.exec_detached("exec /bin/sh /tmp/hammer")

    def result(self, box):
        box.run("touch /tmp/stop")
        return wait_until(lambda: box.run("cat /tmp/result 2>/dev/null").output, 20,
                          "the hammering shell to end").split()

    def under_fire(self, first, change):
        """Each round waits for a record that came after its change: both interleave."""
        box = self.container()
        box.write("/data/shelf/recipe", "salt\n")
        self.create("kitchen", cid=[box.id], **first)
        self.hammer(box)
        self.janusd.wait_record("<DENY> ")
        for index in range(ROUNDS):
            change(box, index)
            self.janusd.wait_record("<DENY> OPEN_PERM file '/data/shelf/recipe'",
                                    since=self.janusd.mark())
        tries, opened = self.result(box)
        self.assertGreaterEqual(int(tries), ROUNDS)
        self.assertEqual(int(opened), 0, f"of {tries} tries")
        self.assertEqual(self.client.pods(), ["kitchen"])
        # It was the guard that kept it out, nothing else.
        self.destroy("kitchen")
        self.assert_allowed(box.run("cat /data/shelf/recipe"), "salt")

    def destroy(self, pod):
        self.assert_ok(self.client.destroy(
            self.client.config(nodeName="node-1", podName=pod)))

    def replace_all_the_time(self, variants):
        self.under_fire(variants[0], lambda box, index: self.create(
            "kitchen", cid=[box.id], **variants[index % len(variants)]))

    def test_with_other_tags_and_another_format(self):
        self.replace_all_the_time([
            {"deny": ["/data/shelf/recipe"], "tags": {"round": "odd"}},
            {"deny": ["/data/shelf/recipe"], "tags": {"round": "even"}, "allow": ["/etc"]},
        ])

    def test_between_the_file_and_its_directory(self):
        self.replace_all_the_time([
            {"deny": ["/data/shelf/recipe"]},
            {"deny": ["/data/shelf"], "event": ["all"]},
        ])

    def test_between_event_kinds(self):
        self.replace_all_the_time([
            {"deny": ["/data/shelf/recipe"], "event": ["open"]},
            {"deny": ["/data/shelf/recipe"], "event": ["all"]},
            {"deny": ["/data/shelf/recipe"], "event": ["open", "exec"]},
        ])

    def test_while_another_guard_of_the_file_comes_and_goes(self):
        def change(box, index):
            if index % 2:
                self.destroy("guest")
            else:
                self.create("guest", cid=[box.id], deny=["/data/shelf/recipe"])

        self.under_fire({"deny": ["/data/shelf"]}, change)

    def test_while_another_guard_of_the_directory_comes_and_goes(self):
        def change(box, index):
            if index % 2:
                self.destroy("guest")
            else:
                self.create("guest", cid=[box.id], deny=["/data/shelf"])

        self.under_fire({"deny": ["/data/shelf/recipe"]}, change)

    def test_a_refused_replacement_leaves_the_old_guard(self):
        box = self.container()
        box.write("/data/shelf/recipe", "salt\n")
        self.create("kitchen", cid=[box.id], deny=["/data/shelf/recipe"], tags={"is": "old"})
        for bad in ({"deny": ["/data/nothing-here"]}, {"deny": ["relative"]},
                    {"deny": ["/data"], "event": ["never"]}):
            answer = self.client.create(
                self.client.guard("kitchen", cid=[box.id], **bad))
            self.assertNotEqual(answer.name, "OK", bad)
        self.assertEqual(self.client.pods(), ["kitchen"])
        self.assert_denied(box.run("cat /data/shelf/recipe"))
        self.janusd.wait_line("^<DENY> OPEN_PERM file '/data/shelf/recipe' .* is=old$")


if __name__ == "__main__":
    main(runtime.require)
