# SPDX-License-Identifier: MIT
"""One line for every change, whoever asked for it and whatever came of it."""

from case import Case, main

CREATE, DESTROY = "janus.Janusd/CreateGuard", "janus.Janusd/DestroyGuard"


class Audit(Case):
    def lines(self, since=0):
        return [line.removeprefix("janusd: audit: ") for line in self.janusd.snapshot(since)
                if line.startswith("janusd: audit: ")]

    def wait(self, text, since=0):
        line, = self.janusd.wait_line("^janusd: audit: ", since=since)
        self.assertRegex(line, "^janusd: audit: " + text + "$")

    def test_what_was_done(self):
        target = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[target.pid], deny=["/data/recipe"])
        self.wait(f"{CREATE} guard='guard' pod='kitchen' by=unix:\\S* result=OK")
        mark = self.janusd.mark()
        self.assert_ok(self.client.destroy(
            self.client.config(nodeName="node-1", podName="kitchen")))
        self.wait(f"{DESTROY} guard='' pod='kitchen' by=unix:\\S* result=OK", mark)

    def test_what_was_refused(self):
        answer = self.client.destroy(
            self.client.config(name="g", nodeName="node-1", podName="nobody"))
        self.assertNotEqual(answer.name, "OK")
        self.wait(f"{DESTROY} guard='g' pod='nobody' by=unix:\\S* result={answer.name}")
        for request in (b"\xff\xff", self.client.guard("p", pid=[1], deny=["relative"])):
            mark = self.janusd.mark()
            answer = self.client.call("/" + CREATE, request)
            self.assert_code(answer, "INVALID_ARGUMENT")
            self.wait(f"{CREATE} guard=- pod=- by=unix:\\S* result=INVALID_ARGUMENT", mark)

    def test_names_from_outside_stay_one_line(self):
        pod = "p\njanusd: audit: forged"
        answer = self.client.destroy(self.client.config(nodeName="node-1", podName=pod))
        self.wait(f"{DESTROY} guard='' pod='p\\\\njanusd: audit: forged' by=unix:\\S*"
                  f" result={answer.name}")
        self.assertEqual(len(self.lines()), 1)

    def test_reading_leaves_no_line(self):
        self.assert_ok(self.client.check())
        self.assertEqual(self.client.pods(), [])
        self.client.destroy(self.client.config(nodeName="node-1", podName="last"))
        self.wait(f"{DESTROY} .*pod='last'.*")


if __name__ == "__main__":
    main()
