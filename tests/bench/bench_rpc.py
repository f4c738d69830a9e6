# SPDX-License-Identifier: MIT
"""What requests cost, as a client sees it, and what janusd takes while it does nothing.

JANUS_BENCH_GUARDS says how many guards there are when they are listed, JANUS_BENCH_ROUNDS how often
each figure is taken. Figures are printed beside their goals, and judged by who reads them.
"""

import os
import statistics
import time

from case import Case, main
import runtime

GUARDS = int(os.environ.get("JANUS_BENCH_GUARDS", "10000"))
ROUNDS = int(os.environ.get("JANUS_BENCH_ROUNDS", "20"))
PAGE = 1000


def timed(what):
    start = time.perf_counter()
    result = what()
    return time.perf_counter() - start, result


def tell(what, seconds, goal):
    seconds = sorted(seconds)
    print(f"{what}: p50 {statistics.median(seconds) * 1e3:.2f} ms, "
          f"most {seconds[-1] * 1e3:.2f} ms (goal {goal})", flush=True)


def memory(pid):
    """Resident and proportional, in kB."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        words = dict(line.split(":", 1) for line in file if ":" in line.split(" ")[0])
    return [int(words[name].split()[0]) for name in ("Rss", "Pss")]


class Rpc(Case):
    def tell_memory(self, when):
        both = [memory(pid) for pid in (self.janusd.pid, self.janusd.worker_pid)]
        rss, pss = (sum(figures) / 1024 for figures in zip(*both))
        print(f"{when}: keeper and worker have {rss:.1f} MB resident, counted twice where they "
              f"share; {pss:.1f} MB in proportion (goal 20 MB idle)", flush=True)

    def message(self, name, **fields):
        return self.client.protos["janus.v1." + name](**fields)

    def call(self, method, **fields):
        answer = self.client.call("/janus.v1.GuardService/" + method,
                                  self.message(method + "Request", **fields),
                                  self.client.protos["janus.v1." + method + "Response"], 60)
        self.assert_ok(answer)
        return answer.message

    def start(self):
        janusd = self.start_janusd()
        client = self.connect(janusd.address)
        self.assert_ok(client.check())
        return janusd

    def test_start_to_serving(self):
        figures = []
        for _ in range(ROUNDS):
            seconds, janusd = timed(self.start)
            figures.append(seconds)
            self.assertEqual(janusd.stop(), 0)
        tell("start to the first answer", figures, "100 ms")

    def test_idle(self):
        self.assert_ok(self.client.check())
        self.tell_memory("idle")

    def test_one_container(self):
        container = self.container()
        container.write("/data/recipe", "salt\n")
        create, apply, again = [], [], []
        for number in range(ROUNDS):
            guard = self.client.guard(f"pod-{number}", cid=[container.id],
                                      deny=["/data/recipe"])
            seconds, answer = timed(lambda guard=guard: self.client.create(guard))
            self.assert_ok(answer)
            create.append(seconds)
            new = {"name": f"new-{number}", "pod": "pod",
                   "targets": [{"container": container.id}],
                   "subjects": [{"deny": ["/data/recipe"],
                                 "events": ["EVENT_KIND_OPEN"]}]}
            for figures, changes in ((apply, True), (again, False)):
                seconds, answer = timed(lambda new=new: self.call("ApplyGuard", guard=new))
                self.assertEqual(answer.changed, changes)
                figures.append(seconds)
        self.assert_denied(container.run("cat /data/recipe"))
        tell("CreateGuard on one container", create, "2 ms")
        tell("ApplyGuard on one container", apply, "2 ms")
        tell("ApplyGuard of the same again", again, "2 ms")

    def pages(self, **fields):
        """All guards by ListGuards."""
        token, count = "", 0
        while True:
            answer = self.call("ListGuards", page_size=PAGE, page_token=token, **fields)
            count += len(answer.guards)
            token = answer.next_page_token
            if not token:
                return count

    def test_many_guards(self):
        goal = self.target({"/data/recipe": "salt\n"})
        seconds, _ = timed(lambda: [
            self.create(f"pod-{number}", pid=[goal.pid], deny=["/data/recipe"])
            for number in range(GUARDS)])
        print(f"{GUARDS} guards made in {seconds:.1f} s", flush=True)
        for what, ask in (("GetGuardState", lambda: len(self.client.state(60))),
                          ("ListGuards", self.pages),
                          ("ListGuards, status only", lambda: self.pages(status_only=True))):
            figures = []
            for _ in range(ROUNDS):
                seconds, count = timed(ask)
                self.assertEqual(count, GUARDS)
                figures.append(seconds)
            tell(f"{what} of {GUARDS} guards", figures, "150 ms")
        self.tell_memory(f"{GUARDS} guards")
        mark = self.janusd.mark()
        self.janusd.kill_worker()
        seconds, _ = timed(lambda: self.janusd.wait_line("^janusd: ready$", 120, since=mark))
        print(f"{GUARDS} guards back {seconds:.1f} s after the worker was killed", flush=True)
        self.assert_denied(goal.run("cat /data/recipe"))


if __name__ == "__main__":
    main(runtime.require)
