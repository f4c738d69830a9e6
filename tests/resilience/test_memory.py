# SPDX-License-Identifier: MIT
"""A worker that the kernel kills for want of memory: the next one has all guards, and no limit.

Only the worker is in the cgroup with the limit. What is forked later is in the keeper's.
"""

from case import main
from hammered import Hammered
from daemon import READY
from limited import Limited

LIMIT = 4 << 20
ROUNDS = 3


class Memory(Hammered):
    def overeat(self, number):
        """Guards, each larger than the last, until there is nobody to take them."""
        client = self.connect(self.janusd.address)
        for index in range(1000):
            paths = [f"/data/none-{index}-{path}/" + "x" * 200 for path in range(1000)]
            answer = client.create(client.guard(f"eater-{number}-{index}",
                                                pid=[self.goal.pid],
                                                deny=["/data/recipe", *paths]), timeout=30)
            if answer.name != "OK":
                return index, answer
        self.fail("the worker took everything")

    def test_it_is_killed_and_the_next_one_goes_on(self):
        crowd = self.crowd()
        for number in range(ROUNDS):
            mark = self.janusd.mark()
            group = Limited(LIMIT)
            self.addCleanup(group.close)
            worker = self.janusd.worker_pid
            group.put(worker)
            self.assertEqual(group.members(), [str(worker)])
            taken, answer = self.overeat(number)
            self.janusd.wait_line(rf"^janusd: warning: worker {worker} was killed by SIGKILL",
                                  30, since=mark)
            self.assertEqual(group.kills(), 1)
            self.janusd.wait_line(READY, 30, since=mark)
            self.assertEqual(group.members(), [])
            group.close()
            print(f"cgroup {group.version}, {LIMIT >> 20} MiB: killed at guard {taken + 1}, whose "
                  f"client got {answer.name}", flush=True)
            self.forget_eaters(number, taken)
            crowd.wait_for_more(20)
        denied, _ = self.finish(crowd, f"worker out of memory {ROUNDS} times")
        self.assertGreater(denied["denied"], 0)
        self.assertEqual(self.restarts(), ROUNDS)
        self.whole()

    def forget_eaters(self, number, taken):
        """All that were in force are in force again; who was about to come may be, too."""
        client = self.connect(self.janusd.address)
        pods = client.pods()
        self.assertLessEqual({"kitchen", *(f"eater-{number}-{index}" for index in
                                           range(taken))}, set(pods))
        for pod in pods:
            if pod.startswith("eater"):
                self.assert_ok(client.destroy(client.config(nodeName="node-1", podName=pod)))
        client.close()


if __name__ == "__main__":
    main()
