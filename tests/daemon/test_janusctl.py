# SPDX-License-Identifier: MIT
"""janusctl as people and scripts call it: what it does, prints, and exits with.

Owns: the runs of janusctl, each with a deadline. That it finds containers by their ids is
shown by the demo (tests/containers).
"""

import json
import re
import socket
import subprocess
from concurrent import futures

import case
from case import Case, main
from certs import Authority
from daemon import program
from rpc import grpc

DEADLINE = 30.0
SERVED, FAILED, USAGE = 0, 1, 2


class Run:
    def __init__(self, done):
        self.status, self.out, self.err = done.returncode, done.stdout, done.stderr

    def __repr__(self):
        return f"status {self.status}, stdout {self.out!r}, stderr {self.err!r}"


def janusctl(*words, timeout=DEADLINE, stdout=subprocess.PIPE, closed=False):
    words = [program("janusctl"), *words]
    if closed:
        words = ["/bin/sh", "-c", 'exec "$0" "$@" >&-', *words]
    return Run(subprocess.run(words, stdin=subprocess.DEVNULL, stdout=stdout,
                              stderr=subprocess.PIPE, encoding="utf-8", timeout=timeout,
                              check=False))


class Ctl(Case):
    def ctl(self, *words, **options):
        return janusctl("--address", self.janusd.address, *words, **options)

    def guard(self, *words, pod="kitchen", name="guard", pid=None, **options):
        """guard create with all it needs but its subjects."""
        return self.ctl("guard", "create", "--name", name, "--pod", pod, "--pid",
                        str(pid or self.goal.pid), *words, **options)

    def assert_served(self, run, out=None):
        self.assertEqual((run.status, run.err), (SERVED, ""), run)
        if out is not None:
            self.assertEqual(run.out, out)
        return run

    def assert_failed(self, run, *words):
        """One line that says why, and nothing for a program to take for an answer."""
        self.assertEqual((run.status, run.out or ""), (FAILED, ""), run)
        self.assertRegex(run.err, r"\Ajanusctl: [^\n]+\n\Z")
        for word in words:
            self.assertIn(word, run.err)

    def line(self, pod="kitchen", pid=None):
        return f"node=node-1 pod={pod} pids={pid or self.goal.pid}\n"

    def listed(self):
        """The pods, by janusctl."""
        run = self.assert_served(self.ctl("guard", "list"))
        return sorted(re.findall(r"^node=\S* pod=(\S*) pids=\S*$", run.out, re.MULTILINE))


class WithTarget(Ctl):
    def setUp(self):
        super().setUp()
        self.goal = self.target({"/data/menu": "soup\n", "/data/recipe": "salt\n"})


class Create(WithTarget):
    def test_the_guard_is_printed_and_in_force(self):
        run = self.guard("--allow", "/data/menu", "--deny", "/data/recipe",
                         "--event", "open")
        self.assert_served(run, self.line())
        self.assert_allowed(self.goal.run("cat /data/menu"), "soup")
        self.assert_denied(self.goal.run("cat /data/recipe"))
        self.janusd.wait_record("<ALLOW> OPEN_PERM file '/data/menu' (kitchen:node-1)")
        self.janusd.wait_record("<DENY> OPEN_PERM file '/data/recipe' (kitchen:node-1)")

    def test_several_pids(self):
        other = self.target({"/data/recipe": "sugar\n"})
        self.assert_served(
            self.guard("--pid", str(other.pid), "--deny", "/data/recipe", "--event", "open"),
            self.line(pid=f"{self.goal.pid},{other.pid}"))
        self.assert_denied(self.goal.run("cat /data/recipe"))
        self.assert_denied(other.run("cat /data/recipe"))

    def test_each_subject_has_its_own_paths_events_and_tags(self):
        self.assert_served(self.guard(
            "--deny", "/data/recipe", "--event", "open", "--tag", "of=first",
            "--subject", "--deny", "/data/menu", "--event", "access", "--tag", "of=second"))
        self.assert_denied(self.goal.run("cat /data/recipe"))
        self.assert_allowed(self.goal.run(": </data/menu"))
        self.assert_denied(self.goal.run("cat /data/menu"))
        self.janusd.wait_line("^<DENY> OPEN_PERM file '/data/recipe' .* of=first$")
        self.janusd.wait_line("^<DENY> ACCESS_PERM file '/data/menu' .* of=second$")
        opened = [line for line in self.janusd.records()
                  if "OPEN_PERM" in line and "/data/menu" in line]
        self.assertEqual(opened, [])

    def test_only_dir_belongs_to_its_subject(self):
        run = self.guard("--deny", "/data/recipe", "--event", "open",
                         "--subject", "--only-dir", "--allow", "/data", "--deny",
                         "/data/menu", "--event", "open")
        self.assertEqual((run.status, run.out), (SERVED, self.line()), run)
        self.assertIn("paths not in force: 1, ", run.err)
        self.assertIn("subject[1].deny[0] ", run.err)
        self.assert_denied(self.goal.run("cat /data/recipe"))
        self.assert_allowed(self.goal.run("cat /data/menu"), "soup")

    def test_auto_allow_owner(self):
        self.assert_served(self.guard("--auto-allow-owner", "--deny", "/data/recipe",
                                      "--event", "open"))
        self.assert_allowed(self.goal.run("cat /data/recipe"), "salt")

    def test_a_log_format(self):
        self.assert_served(self.guard("--deny", "/data/recipe", "--event", "open",
                                      "--log-format", "{response}: {path} of {pod}"))
        self.goal.run("cat /data/recipe")
        self.janusd.wait_line("^DENY: /data/recipe of kitchen$")

    def test_tags_of_odd_characters(self):
        as_it_is = ("key=a=b", "key=", "key=a,b", "a key=a value", "k\u00e9y=\u732b",
                    "key={path}%s$(x)", "-key=--x", 'key="q"')
        for tag, shown in (*((tag, tag) for tag in as_it_is),
                           ("key=it's\\", r"key=it\'s\\"),
                           ("k\ny=a\tb\x1b", r"k\ny=a\tb\x1b")):
            with self.subTest(tag=tag):
                mark = self.janusd.mark()
                self.assert_served(self.guard(
                    "--deny", "/data/recipe", "--event", "open", "--tag", tag,
                    "--log-format", "tags[{tags}]"))
                self.goal.run("cat /data/recipe")
                line, = self.janusd.wait_line(r"^tags\[", since=mark)
                self.assertEqual(line, f"tags[{shown}]")

    def test_partial_coverage_is_a_warning(self):
        run = self.guard("--deny", "/data/missing", "--deny", "/data/recipe",
                         "--deny", "/data/gone", "--event", "open")
        self.assertEqual((run.status, run.out), (SERVED, self.line()), run)
        self.assertRegex(run.err, r"\Ajanusctl: warning: paths not in force: 2, the first: "
                                  r"[^\n]*/data/missing[^\n]*\n\Z")
        self.assert_denied(self.goal.run("cat /data/recipe"))

    def test_what_was_skipped_is_escaped_once(self):
        run = self.guard("--deny", "/data/it's\n", "--deny", "/data/recipe", "--event",
                         "open")
        self.assertEqual(run.status, SERVED, run)
        self.assertIn(f": pid '{self.goal.pid}': subject[0].deny[0] '/data/it\\'s\\n': ",
                      run.err)


class Refused(WithTarget):
    def test_an_invalid_argument(self):
        for words, named in (
                (("--deny", "data/recipe", "--event", "open"), "subject[0].deny[0]"),
                (("--deny", "/data/recipe", "--event", "modify"), "'modify'"),
                (("--deny", "/data/recipe", "--event", "open", "--subject",
                  "--allow", "/data/menu", "--event", "open,x\ny"), "'x\\ny'"),
                (("--deny", "/data/recipe", "--event", "open", "--cid", "../x"), "cid[0]"),
                (("--deny", b"/data/\xff", "--event", "open"), "deny"),
                (("--deny", "/data/recipe", "--event", "open", "--log-format", "{nope}"),
                 "{nope}")):
            with self.subTest(words=words):
                self.assert_failed(self.guard(*words), "INVALID_ARGUMENT: ", named)
        self.assertEqual(self.listed(), [])
        self.assert_allowed(self.goal.run("cat /data/recipe"), "salt")

    def test_a_container_that_is_not_there(self):
        self.assert_failed(
            self.ctl("guard", "create", "--name", "guard", "--pod", "kitchen", "--cid",
                     "f" * 64, "--deny", "/data/recipe", "--event", "open"),
            "NOT_FOUND: ", "cid[0]", "f" * 64)

    def test_another_nodes_guard(self):
        self.assert_failed(
            self.guard("--node", "node-2", "--deny", "/data/recipe", "--event", "open"),
            "FAILED_PRECONDITION: ", "'node-2'", "'node-1'")

    def test_no_path_that_could_be_guarded(self):
        self.assert_failed(self.guard("--deny", "/data/missing", "--event", "open"),
                           "FAILED_PRECONDITION: ", "'/data/missing'")


class Destroy(WithTarget):
    def setUp(self):
        super().setUp()
        self.other = self.target({"/data/recipe": "sugar\n"})

    def make(self, path="/data/recipe", **options):
        self.assert_served(self.guard("--deny", path, "--event", "open", **options))

    def destroy(self, *words):
        return self.ctl("guard", "destroy", *words)

    def test_by_pod(self):
        self.make(name="one")
        self.make("/data/menu", name="two")
        self.make(pod="cellar", pid=self.other.pid)
        self.assertEqual(self.listed(), ["cellar", "kitchen", "kitchen"])
        self.assert_served(self.destroy("--pod", "kitchen"), "")
        self.assertEqual(self.listed(), ["cellar"])
        self.assert_allowed(self.goal.run("cat /data/recipe /data/menu"), "salt\nsoup")
        self.assert_denied(self.other.run("cat /data/recipe"))

    def test_by_pod_and_name(self):
        self.make(name="one")
        self.make("/data/menu", name="two")
        self.assert_served(self.destroy("--node", "node-1", "--pod", "kitchen",
                                        "--name", "two"), "")
        self.assertEqual(self.listed(), ["kitchen"])
        self.assert_denied(self.goal.run("cat /data/recipe"))
        self.assert_allowed(self.goal.run("cat /data/menu"), "soup")

    def test_by_pid(self):
        self.make()
        self.make(pod="cellar", pid=self.other.pid)
        self.assert_served(self.destroy("--pid", str(self.other.pid)), "")
        self.assertEqual(self.listed(), ["kitchen"])
        self.assert_allowed(self.other.run("cat /data/recipe"), "sugar")
        self.assert_denied(self.goal.run("cat /data/recipe"))

    def test_by_name_where_there_is_no_pod(self):
        self.make(name="bare")
        self.assert_served(
            self.ctl("guard", "create", "--name", "bare", "--pid", str(self.other.pid),
                     "--deny", "/data/recipe", "--event", "open"),
            self.line(pod="", pid=self.other.pid))
        self.assert_served(self.destroy("--name", "bare"), "")
        self.assertEqual(self.listed(), ["kitchen"])
        self.assert_allowed(self.other.run("cat /data/recipe"), "sugar")
        self.assert_denied(self.goal.run("cat /data/recipe"))

    def test_what_is_not_there(self):
        self.make()
        for words, named in ((("--pod", "attic"), "'attic'"),
                             (("--pod", "kitchen", "--name", "it's"), "'it\\'s'"),
                             (("--name", "bare"), "'bare'"),
                             (("--pid", str(self.other.pid)), "pid"),
                             (("--node", "node-2", "--pod", "kitchen"), "'node-2'")):
            with self.subTest(words=words):
                self.assert_failed(self.destroy(*words), "NOT_FOUND: ", named)
        self.assertEqual(self.listed(), ["kitchen"])
        self.assert_denied(self.goal.run("cat /data/recipe"))


class List(WithTarget):
    def test_nothing(self):
        self.assert_served(self.ctl("guard", "list"), "")

    def test_names_do_not_forge_lines(self):
        pod = "kit\nnode=x pod=y pids=1\x1b[31m'\u00e9"
        self.assert_served(self.guard("--deny", "/data/recipe", "--event", "open", pod=pod))
        self.assert_served(
            self.ctl("guard", "list"),
            self.line(pod="kit\\nnode=x pod=y pids=1\\x1b[31m\\'\\xc3\\xa9"))

    def test_more_than_a_page(self):
        for index in range(70):
            self.create(f"pod-{index:02}", pid=[self.goal.pid], deny=["/data/recipe"])
        self.assertEqual(self.listed(), [f"pod-{index:02}" for index in range(70)])


class Json(WithTarget):
    def json(self, run):
        self.assertEqual((run.status, run.out.count("\n")), (SERVED, 1), run)
        return json.loads(run.out)

    def handle(self, pod="kitchen"):
        return {"nodeName": "node-1", "podName": pod, "pid": [self.goal.pid]}

    def make(self, *words, **options):
        return self.guard("--json", "--deny", "/data/recipe", "--event", "open", *words,
                          **options)

    def test_create(self):
        run = self.make()
        self.assertEqual(self.json(run), self.handle())
        self.assertEqual(run.err, "")

    def test_create_with_paths_that_are_not_in_force(self):
        run = self.make("--deny", "/data/missing")
        answer = self.json(run)
        self.assertIn("/data/missing", answer.pop("skippedFirst"))
        self.assertEqual(answer, {**self.handle(), "skipped": 1})
        self.assertIn("warning", run.err)

    def test_list(self):
        self.assertEqual(self.json(self.ctl("--json", "guard", "list")), [])
        pods = ["kitchen", "k\"\u00e9\n\\'\u732b"]
        for pod in pods:
            self.assertEqual(self.json(self.make(pod=pod)), self.handle(pod))
        run = self.ctl("guard", "list", "--json")
        answer = sorted(self.json(run), key=lambda handle: pods.index(handle["podName"]))
        self.assertEqual(answer, [self.handle(pod) for pod in pods])
        self.assertTrue(run.out.isascii(), run)

    def test_destroy(self):
        self.make()
        self.assertEqual(
            self.json(self.ctl("guard", "destroy", "--pod", "kitchen", "--json")), {})
        self.assertEqual(self.listed(), [])

    def test_health(self):
        self.assertEqual(self.json(self.ctl("health", "--json")), {"status": "SERVING"})

    def test_a_failure_prints_no_json(self):
        self.assert_failed(self.ctl("--json", "guard", "destroy", "--pod", "attic"),
                           "NOT_FOUND: ")
        self.assert_failed(self.make("--event", "modify"), "INVALID_ARGUMENT: ")
        self.janusd.stop()
        self.assert_failed(self.ctl("--json", "guard", "list"), "UNAVAILABLE: ")
        self.assert_failed(self.ctl("--json", "health"), "UNAVAILABLE: ")


class Health(Ctl):
    def test_a_daemon_that_serves(self):
        self.assert_served(self.ctl("health"), "SERVING\n")

    def test_nothing_listens(self):
        self.janusd.stop()
        self.assert_failed(self.ctl("health"), "UNAVAILABLE: ", self.janusd.socket)

    def test_a_daemon_that_does_not_serve(self):
        """janusd says so for an instant at its end only, hence a server of our own."""
        response = case.PROTOS["grpc.health.v1.HealthCheckResponse"](status="NOT_SERVING")
        handler = grpc.method_handlers_generic_handler("grpc.health.v1.Health", {
            "Check": grpc.unary_unary_rpc_method_handler(
                lambda request, context: response.SerializeToString())})
        server = grpc.server(futures.ThreadPoolExecutor(1), [handler])
        address = "unix:" + self.box.folder(self.unique("sick")) + "/s"
        server.add_insecure_port(address)
        server.start()
        self.addCleanup(lambda: server.stop(None).wait(10))
        run = janusctl("--address", address, "health")
        self.assertEqual((run.status, run.out), (FAILED, "NOT_SERVING\n"), run)
        run = janusctl("--address", address, "health", "--json")
        self.assertEqual((run.status, json.loads(run.out)),
                         (FAILED, {"status": "NOT_SERVING"}), run)

    def test_a_server_that_says_nothing(self):
        path = self.box.folder(self.unique("mute")) + "/s"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            listener.settimeout(10)
            # Four seconds: without --timeout it would wait for five.
            run = janusctl("--address", "unix:" + path, "--timeout", "0.3", "health",
                           timeout=4)
            self.assert_failed(run, "DEADLINE_EXCEEDED: ")
            with listener.accept()[0] as connection:
                connection.settimeout(10)
                self.assertEqual(connection.recv(3), b"PRI")  # it was on the line


class Output(WithTarget):
    """Who pipes the answer somewhere shall learn that it did not get there."""

    def commands(self):
        yield ("health",)
        yield ("guard", "create", "--name", "guard", "--pod", "kitchen", "--pid",
               str(self.goal.pid), "--deny", "/data/recipe", "--event", "open")
        yield ("guard", "list")

    def test_full(self):
        for words in [*self.commands(), ("--help",), ("--version",)]:
            for flags in ((), ("--json",)):
                with self.subTest(words=words, flags=flags), \
                        open("/dev/full", "wb") as full:
                    self.assert_failed(self.ctl(*flags, *words, stdout=full),
                                       "No space left on device")

    def test_closed(self):
        for words in [*self.commands(), ("--help",), ("--version",)]:
            for flags in ((), ("--json",)):
                with self.subTest(words=words, flags=flags):
                    self.assert_failed(self.ctl(*flags, *words, closed=True),
                                       "cannot write the output")


class Tls(Ctl):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        folder = self.box.folder(self.unique("tls"))
        self.authority = Authority(folder, "authority")
        self.stranger = Authority(folder, "stranger")
        server = self.authority.sign("server")
        self.caller = self.authority.sign("caller")
        self.janusd = self.start_janusd(
            "-tlscafile", self.authority.cert, "-tlscertfile", server.cert,
            "-tlskeyfile", server.key, listen=["127.0.0.1:0"])
        (self.address, self.kind), = self.janusd.bound()

    def tls(self, *words, ca=None, pair=None):
        flags = ["--tls-ca", (ca or self.authority).cert]
        if pair:
            flags += ["--tls-cert", pair.cert, "--tls-key", pair.key]
        return janusctl("--address", self.address, *flags, *words)

    def test_the_right_certificate(self):
        self.assertEqual(self.kind, "mtls")
        goal = self.target({"/data/recipe": "salt\n"})
        self.assert_served(self.tls("health", pair=self.caller), "SERVING\n")
        self.assert_served(
            self.tls("guard", "create", "--name", "guard", "--pod", "kitchen", "--pid",
                     str(goal.pid), "--deny", "/data/recipe", "--event", "open",
                     pair=self.caller), self.line(pid=goal.pid))
        self.assert_denied(goal.run("cat /data/recipe"))

    def test_who_is_not_let_in(self):
        self.assert_failed(self.tls("health"), "UNAVAILABLE: ")
        self.assert_failed(self.tls("guard", "list"), "UNAVAILABLE: ")
        self.assert_failed(self.tls("health", pair=self.stranger.sign("foreigner")),
                           "UNAVAILABLE: ")
        self.assert_failed(janusctl("--address", self.address, "health"), "UNAVAILABLE: ")
        self.assert_served(self.tls("health", pair=self.caller), "SERVING\n")

    def test_a_server_of_another_authority(self):
        self.assert_failed(self.tls("health", ca=self.stranger, pair=self.caller),
                           "UNAVAILABLE: ")

    def test_files_that_do_not_do(self):
        run = janusctl("--address", self.address, "--tls-ca", "/nowhere/ca", "health")
        self.assert_failed(run, "'/nowhere/ca'", "No such file or directory")
        run = janusctl("--address", self.address, "--tls-ca", "/dev/null", "health")
        self.assert_failed(run, "'/dev/null'", "not a regular file")


class Usage(Ctl):
    janusd_flags = None

    def test_help_and_version(self):
        run = self.assert_served(janusctl("--help"))
        self.assertTrue(run.out.startswith("Usage: janusctl "), run)
        for word in ("guard create", "guard destroy", "guard list", "health", "--address",
                     "--timeout", "--json", "--tls-ca", "--subject", "Exit status"):
            self.assertIn(word, run.out)
        run = self.assert_served(janusctl("--version"))
        self.assertRegex(run.out, r"\Ajanusctl \d+\.\d+\.\d+\n\Z")

    def test_wrong_usage(self):
        create = ("guard", "create", "--name", "n", "--pod", "p", "--pid", "1")
        subject = ("--deny", "/x", "--event", "open")
        for words, named in (
                ((), "guard, health"),
                (("guard",), "create, destroy, list"),
                (("guard", "explode"), "'explode'"),
                (("health", "now"), "'health'"),
                (("guard", "list", "too", "far"), "'too'"),
                (("--nonsense", "health"), "'--nonsense'"),
                (("health", "--address"), "'--address'"),
                (("health", "--json=yes"), "'--json=yes'"),
                (("health", "--pod", "p"), "'pod'"),
                (("guard", "destroy", "--pod", "p", "--deny", "/x"), "'deny'"),
                (("--address", "nowhere", "health"), "'nowhere'"),
                (("--timeout", "0", "health"), "--timeout"),
                (("--timeout", "1s", "health"), "'1s'"),
                (("--tls-cert", "/x", "health"), "--tls-key"),
                (("guard", "create", "--pid", "1", *subject), "--name"),
                (("guard", "create", "--name", "n", *subject), "--cid or --pid"),
                (("guard", "create", "--name", "n", "--cid", "a" * 12, *subject), "--pod"),
                (create, "--allow or --deny"),
                ((*create, "--deny", "/x"), "--event"),
                ((*create, *subject, "--subject"), "subject 2"),
                ((*create, *subject, "--tag", "novalue\n"), "'novalue\\n'"),
                ((*create, *subject, "--event", "open,,exec"), "'open,,exec'"),
                ((*create, *subject, "--pid", "-1"), "'-1'"),
                (("guard", "destroy"), "--pod")):
            with self.subTest(words=words):
                run = janusctl(*words)
                self.assertEqual((run.status, run.out), (USAGE, ""), run)
                self.assertRegex(
                    run.err, r"\Ajanusctl: [^\n]+\nTry 'janusctl --help'\.\n\Z")
                self.assertIn(named, run.err)


if __name__ == "__main__":
    main()
