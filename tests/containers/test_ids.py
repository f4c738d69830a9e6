# SPDX-License-Identifier: MIT
"""From the id that a controller sends to the container that it means."""

from case import Case, main
import runtime


class Ids(Case):
    def guarded(self, cid):
        box = self.container()
        box.write("/data/recipe", "salt\n")
        answer = self.create("kitchen", cid=[cid(box.id)], deny=["/data/recipe"])
        self.assertEqual(list(answer.message.pid), [box.pid])
        self.assert_denied(box.run("cat /data/recipe"))

    def test_full_id(self):
        self.guarded(lambda full: full)

    def test_each_scheme(self):
        for scheme in ("docker", "containerd", "cri-o", "rkt"):
            with self.subTest(scheme=scheme):
                self.guarded(lambda full, scheme=scheme: f"{scheme}://{full}")

    def test_short_id_of_twelve_digits(self):
        self.guarded(lambda full: full[:12])
        self.guarded(lambda full: "docker://" + full[:12])

    def test_short_id_that_two_containers_share_is_refused(self):
        start = runtime.new_id()[:12]
        ids = [start + runtime.new_id()[12:] for _ in range(2)]
        boxes = [self.container(cid=one) for one in ids]
        for box in boxes:
            box.write("/data/recipe", "salt\n")
        refused = self.client.create(
            self.client.guard("kitchen", cid=[start], deny=["/data/recipe"]))
        self.assert_code(refused, "FAILED_PRECONDITION", "cid[0]", start)
        self.assertEqual(self.client.pods(), [])
        for box in boxes:
            self.assert_allowed(box.run("cat /data/recipe"), "salt")

    def test_fewer_digits_than_twelve_are_no_start_of_an_id(self):
        box = self.container()
        refused = self.client.create(
            self.client.guard("kitchen", cid=[box.id[:11]], deny=["/etc/passwd"]))
        self.assert_code(refused, "NOT_FOUND", "cid[0]", box.id[:11])

    def test_a_container_that_is_gone_is_not_found(self):
        box = self.container()
        runtime.runc(self.box, "delete", "--force", box.id)
        refused = self.client.create(
            self.client.guard("kitchen", cid=[box.id], deny=["/etc/passwd"]))
        self.assert_code(refused, "NOT_FOUND", "cid[0]", box.id)

    def test_one_unknown_container_refuses_the_whole_guard(self):
        box = self.container()
        box.write("/data/recipe", "salt\n")
        refused = self.client.create(self.client.guard(
            "kitchen", cid=[box.id, runtime.new_id()], deny=["/data/recipe"]))
        self.assert_code(refused, "NOT_FOUND", "cid[1]")
        self.assertEqual(self.client.pods(), [])
        self.assert_allowed(box.run("cat /data/recipe"), "salt")


if __name__ == "__main__":
    main(runtime.require)
