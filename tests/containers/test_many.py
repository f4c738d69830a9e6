# SPDX-License-Identifier: MIT
"""Several guards, several containers, and what all of them together cost in groups."""

from case import Case, main
import runtime

COUNT = 200


class Many(Case):
    def test_two_guards_on_one_container(self):
        box = self.container()
        for name in ("both", "first", "second"):
            box.write(f"/data/{name}", name + "\n")
        self.create("pod-1", cid=[box.id], allow=["/data/both"], deny=["/data/first"])
        self.create("pod-2", cid=[box.id], deny=["/data/both", "/data/second"])
        for name in ("both", "first", "second"):
            self.assert_denied(box.run(f"cat /data/{name}"))
        self.janusd.wait_record("<DENY> OPEN_PERM file '/data/first' (pod-1:node-1)")
        self.janusd.wait_record("<DENY> OPEN_PERM file '/data/second' (pod-2:node-1)")
        # Any deny wins; the guard that would have allowed tells what happened, too.
        self.janusd.wait_record("<DENY> OPEN_PERM file '/data/both' (pod-2:node-1)")
        self.janusd.wait_record("<DENY> OPEN_PERM file '/data/both' (pod-1:node-1)")
        self.assert_ok(self.client.destroy(
            self.client.config(nodeName="node-1", podName="pod-2")))
        self.assert_allowed(box.run("cat /data/both"), "both")
        self.assert_allowed(box.run("cat /data/second"), "second")
        self.assert_denied(box.run("cat /data/first"))
        self.janusd.wait_record("<ALLOW> OPEN_PERM file '/data/both' (pod-1:node-1)")

    def test_one_guard_on_two_containers(self):
        boxes = [self.container() for _ in range(2)]
        bystander = self.container()
        for box in [*boxes, bystander]:
            box.write("/data/recipe", "salt\n")
        answer = self.create("kitchen", cid=[box.id for box in boxes],
                             deny=["/data/recipe"])
        self.assertEqual(sorted(answer.message.pid), sorted(box.pid for box in boxes))
        for box in boxes:
            mark = self.janusd.mark()
            self.assert_denied(box.run("cat /data/recipe"))
            self.janusd.wait_record("<DENY> OPEN_PERM file '/data/recipe' (kitchen:node-1)",
                                    since=mark)
        self.assert_allowed(bystander.run("cat /data/recipe"), "salt")
        states = self.client.state()
        self.assertEqual([state.podName for state in states], ["kitchen"])

    def test_the_end_of_one_container_leaves_the_other_guarded(self):
        boxes = [self.container() for _ in range(2)]
        for box in boxes:
            box.write("/data/recipe", "salt\n")
        self.create("kitchen", cid=[box.id for box in boxes], deny=["/data/recipe"])
        runtime.runc(self.box, "delete", "--force", boxes[0].id)
        self.assert_denied(boxes[1].run("cat /data/recipe"))

    def test_hundreds_of_guards_are_all_effective_and_share_their_groups(self):
        box = self.container()
        for index in range(COUNT + 1):
            box.write(f"/data/f{index}", f"{index}\n")
        for index in range(COUNT):
            self.create(f"pod-{index}", cid=[box.id], deny=[f"/data/f{index}"],
                        name=f"guard-{index}")
        self.assertEqual(len(self.client.pods()), COUNT)
        self.assertGreaterEqual(self.janusd.fanotify_fds(), 1)
        self.assertLessEqual(self.janusd.fanotify_fds(), 4)
        opened = box.run(f"for i in $(seq 0 {COUNT}); do "
                         "read x 2>/tmp/error </data/f$i && echo $x; done; :", timeout=60)
        self.assert_allowed(opened, str(COUNT))
        self.janusd.wait_line("^<DENY> ", count=COUNT)
        told = set(self.janusd.records())
        expected = {f"<DENY> OPEN_PERM file '/data/f{index}' (pod-{index}:node-1)"
                    for index in range(COUNT)}
        self.assertEqual({line.rstrip() for line in told}, expected)


if __name__ == "__main__":
    main(runtime.require)
