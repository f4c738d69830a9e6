# SPDX-License-Identifier: MIT
"""DestroyGuard and GetGuardState: which guard is meant, and what is left."""

import sandbox
from case import Case, main


class Destroy(Case):
    def setUp(self):
        super().setUp()
        self.goal = self.target({f"/data/{name}": name + "\n" for name in "abc"})

    def guard(self, pod, letter, name="guard", node="node-1"):
        self.create(pod, pid=[self.goal.pid], deny=[f"/data/{letter}"], name=name, node=node)

    def destroy(self, **fields):
        return self.client.destroy(self.client.config(**fields))

    def denied(self):
        """The letters whose files do not open."""
        return "".join(name for name in "abc"
                       if self.goal.run(f"cat /data/{name}").status != 0)

    def test_by_node_and_pod(self):
        self.guard("pod-a", "a")
        self.guard("pod-b", "b")
        self.assert_ok(self.destroy(nodeName="node-1", podName="pod-a"))
        self.assertEqual(self.client.pods(), ["pod-b"])
        self.assertEqual(self.denied(), "b")

    def test_pids_do_not_count_where_there_is_a_pod(self):
        other = self.target({"/data/recipe": "salt\n"})
        self.guard("pod-a", "a")
        self.create("pod-b", pid=[other.pid], deny=["/data/recipe"])
        # The handle that the controller saw last belonged to another pod.
        self.assert_ok(self.destroy(nodeName="node-1", podName="pod-a", pid=[other.pid]))
        self.assertEqual(self.client.pods(), ["pod-b"])
        self.assertEqual(self.denied(), "")
        self.assert_denied(other.run("cat /data/recipe"))

    def test_all_names_of_a_pod_go_where_none_is_given(self):
        self.guard("pod-a", "a", name="one")
        self.guard("pod-a", "b", name="two")
        self.guard("pod-c", "c")
        self.assert_ok(self.destroy(nodeName="node-1", podName="pod-a"))
        self.assertEqual(self.client.pods(), ["pod-c"])
        self.assertEqual(self.denied(), "c")

    def test_one_name_of_a_pod(self):
        self.guard("pod-a", "a", name="one")
        self.guard("pod-a", "b", name="two")
        self.assert_ok(self.destroy(nodeName="node-1", podName="pod-a", name="two"))
        self.assertEqual(self.client.pods(), ["pod-a"])
        self.assertEqual(self.denied(), "a")

    def test_by_pid_where_the_pod_is_empty(self):
        other = self.target({"/data/recipe": "salt\n"})
        self.guard("pod-a", "a")
        self.create("pod-b", pid=[other.pid], deny=["/data/recipe"])
        self.assert_ok(self.destroy(nodeName="node-1", pid=[other.pid]))
        self.assertEqual(self.client.pods(), ["pod-a"])
        self.assertEqual(self.denied(), "a")
        self.assert_allowed(other.run("cat /data/recipe"), "salt")

    def test_what_is_not_there_stays_away(self):
        """Whatever the answer, nothing else goes; a second time is no harm."""
        self.guard("pod-a", "a")
        for fields in ({"podName": "pod-x"}, {"podName": "pod-a", "name": "other"},
                       {"pid": [1]}):
            with self.subTest(fields=fields):
                answer = self.destroy(nodeName="node-1", **fields)
                self.assertIn(answer.name, ("OK", "NOT_FOUND"), answer)
                self.assertEqual(self.client.pods(), ["pod-a"])
        self.assert_ok(self.destroy(nodeName="node-1", podName="pod-a"))
        again = self.destroy(nodeName="node-1", podName="pod-a")
        self.assertIn(again.name, ("OK", "NOT_FOUND"), again)
        self.assertEqual(self.denied(), "")

    def test_neither_pod_nor_pid_is_refused(self):
        self.guard("pod-a", "a")
        self.assert_code(self.destroy(nodeName="node-1"), "INVALID_ARGUMENT", "podName")
        self.assertEqual(self.denied(), "a")

    def test_another_nodes_guard_is_not_touched(self):
        self.guard("pod-a", "a")
        answer = self.destroy(nodeName="node-2", podName="pod-a")
        self.assertIn(answer.name, ("OK", "NOT_FOUND", "FAILED_PRECONDITION"), answer)
        self.assertEqual(self.client.pods(), ["pod-a"])
        self.assertEqual(self.denied(), "a")


class State(Case):
    def test_empty(self):
        self.assertEqual(self.client.state(), [])

    def test_one_handle_for_each_guard(self):
        targets = [self.target({"/data/recipe": "salt\n"}) for _ in range(3)]
        for index, target in enumerate(targets):
            self.create(f"pod-{index}", pid=[target.pid], deny=["/data/recipe"])
        handles = sorted(self.client.state(), key=lambda handle: handle.podName)
        self.assertEqual([(one.nodeName, one.podName, list(one.pid)) for one in handles],
                         [("node-1", f"pod-{index}", [target.pid])
                          for index, target in enumerate(targets)])

    def test_many_handles_come_through_one_stream(self):
        target = self.target({"/data/recipe": "salt\n"})
        for index in range(300):
            self.create(f"pod-{index:03}", pid=[target.pid], deny=["/data/recipe"])
        self.assertEqual(self.client.pods(), [f"pod-{index:03}" for index in range(300)])

    def test_a_guard_ends_with_its_process_and_can_be_destroyed_once(self):
        target = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[target.pid], deny=["/data/recipe"])
        target.process.kill()
        target.process.wait()
        sandbox.wait_until(lambda: not self.client.pods(), 20, "the guard to end")
        config = self.client.config(nodeName="node-1", podName="kitchen")
        self.assert_ok(self.client.destroy(config))
        self.assert_code(self.client.destroy(config), "NOT_FOUND")


if __name__ == "__main__":
    main()
