# SPDX-License-Identifier: MIT
"""/metrics, /healthz and /readyz: each number moves when it should, and health is the truth."""

import os
import re
import resource
import signal
import socket
import threading

from case import Case, main
from sandbox import wait_until
from scrape import Scraper, config
import tracer

SERVING, NOT_SERVING = 1, 2
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Scraped(Case):
    janusd_flags = None
    settings = {}

    def setUp(self):
        super().setUp()
        path = config(self.box, self.unique("config"), **self.settings)
        self.janusd = self.start_janusd("--config", path)
        self.client = self.connect(self.janusd.address)
        self.scraper = Scraper(self.janusd)

    def wait_value(self, number, name, **labels):
        wait_until(lambda: self.scraper.value(name, **labels) == number, 20,
                   f"{name} {labels} to be {number}; it is "
                   f"{self.scraper.value(name, **labels)}")

    def wait_ready(self, status, *words):
        def is_so():
            answer = self.scraper.get("/readyz")
            return answer.status == status and all(word in answer.text for word in words)
        wait_until(is_so, 40, f"/readyz to be {status} {words}")


class Metrics(Scraped):
    def test_verdicts_by_guard(self):
        goal = self.target({"/data/menu": "soup\n", "/data/recipe": "salt\n"})
        self.create("kitchen", pid=[goal.pid], name='a "guard"', deny=["/data/recipe"],
                    allow=["/data/menu"])
        for _ in range(3):
            self.assert_denied(goal.run("cat /data/recipe"))
        self.assert_allowed(goal.run("cat /data/menu"))
        labels = {"guard": r'a \"guard\"', "pod": "kitchen", "event": "open"}
        self.wait_value(3, "janus_verdicts_total", verdict="deny", reason="rule", **labels)
        self.wait_value(1, "janus_verdicts_total", verdict="allow", **labels)
        self.assertEqual(self.scraper.value("janus_denied_total"), 3)
        self.assertEqual(self.scraper.value("janus_allowed_total"), 1)
        self.assertEqual(self.scraper.value("janus_watches"), 1)
        self.assertEqual(self.scraper.value("janus_guard_targets"), 1)
        self.assertEqual(self.scraper.value("janus_guards", state="effective"), 1)
        self.assertGreaterEqual(self.scraper.value("janus_marks"), 2)

    def test_each_answer_has_its_time(self):
        goal = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[goal.pid], deny=["/data/recipe"])
        for _ in range(20):
            self.assert_denied(goal.run("cat /data/recipe"))
        self.wait_value(20, "janus_denied_total")
        samples = self.scraper.samples()
        name = "janus_answer_duration_seconds"
        self.assertEqual(samples[name + "_count", ()], samples["janus_events_total", ()])
        self.assertEqual(samples[name + "_bucket", (("le", "+Inf"),)],
                         samples[name + "_count", ()])
        self.assertGreater(samples[name + "_sum", ()], 0)
        counts = [value for (one, _), value in samples.items() if one == name + "_bucket"]
        self.assertEqual(counts, sorted(counts))

    def test_grpc_calls(self):
        self.assert_ok(self.client.check())
        self.assert_code(self.client.check("nobody.Knows"), "NOT_FOUND")
        self.assert_code(self.client.call("/nobody.Knows/It", b""), "UNIMPLEMENTED")
        method = "/grpc.health.v1.Health/Check"
        self.wait_value(1, "janus_grpc_calls_total", method=method, code="OK")
        self.wait_value(1, "janus_grpc_calls_total", method=method, code="NOT_FOUND")
        self.wait_value(1, "janus_grpc_calls_total", method="unknown", code="UNIMPLEMENTED")
        stream = self.client.watch()
        self.assertEqual(next(stream).status, SERVING)
        stream.cancel()
        self.wait_value(1, "janus_grpc_calls_total", code="CANCELLED")

    def test_the_process(self):
        pid, samples = self.janusd.worker_pid, self.scraper.samples()
        self.assertEqual(samples["process_max_fds", ()],
                         resource.prlimit(pid, resource.RLIMIT_NOFILE)[0])
        self.assertEqual(samples["process_threads", ()], len(os.listdir(f"/proc/{pid}/task")))
        self.assertGreater(samples["process_resident_memory_bytes", ()], 1 << 20)
        self.assertGreater(samples["process_open_fds", ()], 5)
        self.assertGreater(samples["process_start_time_seconds", ()], 1e9)
        self.assertEqual(self.scraper.value("janus_healthy"), 1)
        self.assertEqual(self.scraper.value("janus_problem"), 0)

    def test_a_restart_is_counted(self):
        mark = self.janusd.mark()
        self.assertEqual(self.scraper.value("janus_worker_restarts_total"), 0)
        self.janusd.kill_worker()
        self.scraper = Scraper(self.janusd, since=mark)
        self.wait_value(1, "janus_worker_restarts_total")

    def test_the_table_in_the_docs_is_what_there_is(self):
        self.assert_ok(self.client.check())
        text = self.scraper.get("/metrics").text
        types = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
        with open(os.path.join(TOP, "docs", "metrics.md"), encoding="utf-8") as file:
            told = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", file.read(), re.MULTILINE))
        self.assertEqual(told, types)

    def test_the_dashboard_and_the_rules_speak_of_what_there_is(self):
        text = self.scraper.get("/metrics").text
        known = set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE))
        for path in ("deploy/dashboards/janus.json", "deploy/prometheus/janus.rules.yml"):
            with open(os.path.join(TOP, path), encoding="utf-8") as file:
                used = set(re.findall(r"\b(?:janus|process)_\w+", file.read()))
            used = {re.sub("_(bucket|sum|count)$", "", name) for name in used}
            self.assertTrue(used)
            self.assertEqual(used - known, set(), path)


class Requests(Scraped):
    def test_paths_and_methods(self):
        for path, status in (("/metrics", 200), ("/healthz", 200), ("/readyz", 200),
                             ("/", 404), ("/metrics/", 404), ("/../metrics", 404)):
            self.assertEqual(self.scraper.get(path).status, status, path)
            answer = self.scraper.get(path, "HEAD")
            self.assertEqual((answer.status, answer.text), (status, ""), path)
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            answer = self.scraper.get("/metrics", method)
            self.assertEqual((answer.status, answer.headers["Allow"]), (405, "GET, HEAD"))

    def test_the_format_is_the_one_that_was_asked_for(self):
        classic = self.scraper.get("/metrics")
        self.assertTrue(classic.headers["Content-Type"].startswith("text/plain; version=0.0.4"))
        self.assertIn("# TYPE janus_events_total counter\n", classic.text)
        fresh = self.scraper.get("/metrics", Accept="application/openmetrics-text;version=1.0.0")
        self.assertTrue(fresh.headers["Content-Type"].startswith("application/openmetrics-text"))
        self.assertIn("# TYPE janus_events counter\njanus_events_total", fresh.text)
        self.assertTrue(fresh.text.endswith("\n# EOF\n"))

    def raw(self, data=b""):
        """Who says nothing more is let go after 10 seconds, docs/metrics.md."""
        one = socket.create_connection(("127.0.0.1", self.scraper.port), 40)
        self.addCleanup(one.close)
        one.sendall(data)
        return one

    def test_clients_that_are_slow_do_not_keep_others_out(self):
        before = self.scraper.value("process_open_fds")
        slow = [self.raw(b"GET /metrics HTTP/1.1\r\nHost: " + b"x" * index)
                for index in range(300)]
        for _ in range(3):
            self.assertEqual(self.scraper.get("/healthz").status, 200)
        self.assertLess(self.scraper.value("process_open_fds"), before + 100)
        self.assert_ok(self.client.check())
        for one in slow:
            one.close()
        wait_until(lambda: self.scraper.value("process_open_fds") < before + 5, 20,
                   "their fds to be closed")

    def test_what_is_too_long_is_refused(self):
        for request in (b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\n\r\n",
                        b"GET / HTTP/1.1\r\nX: " + b"b" * 100000 + b"\r\n\r\n",
                        b"\0" * 1000, b"\r\n" * 100 + b"GARBAGE\r\n\r\n"):
            try:
                one = self.raw(request)
                one.shutdown(socket.SHUT_WR)
                self.assertNotIn(b" 200 ", one.recv(100))
            except ConnectionError:
                pass
        self.assertEqual(self.scraper.get("/healthz").status, 200)

    def test_without_fds_it_waits_for_them(self):
        pid = self.janusd.worker_pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = len(os.listdir(f"/proc/{pid}/fd"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
        waiting = [self.raw(b"GET /healthz HTTP/1.0\r\n\r\n") for _ in range(8)]
        waiting[0].settimeout(1)
        with self.assertRaises(TimeoutError):
            waiting[0].recv(100)
        self.assertLessEqual(len(os.listdir(f"/proc/{pid}/fd")), used + 1)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        for one in waiting:
            one.settimeout(20)
            self.assertIn(b" 200 ", one.recv(100))

    def test_an_address_that_is_taken_ends_nobody(self):
        path = config(self.box, self.unique("config"),
                      metrics={"listen": f"127.0.0.1:{self.scraper.port}"})
        other = self.start_janusd("--config", path)
        other.wait_line("cannot listen on 127.0.0.1:.* for metrics")
        self.assert_ok(self.connect(other.address).check())
        self.janusd.stop()
        other.wait_line("^janusd: metrics on 127.0.0.1:", timeout=30)
        self.scraper.get("/metrics")


class Health(Scraped):
    def test_a_partial_guard_is_told(self):
        goal = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[goal.pid], name="half", deny=["/data/recipe", "/nowhere"])
        self.wait_value(1, "janus_problem", problem="partial")
        self.assertEqual(self.scraper.value("janus_healthy"), 1)
        self.assertEqual(self.scraper.value("janus_guards", state="partial"), 1)
        self.wait_ready(200, "ready\n", "partial: ", "half", "kitchen")
        self.assertEqual(self.client.check().message.status, SERVING)

    def test_openers_that_were_answered_late(self):
        goal = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[goal.pid], deny=["/data/recipe"])
        stream = self.client.watch(timeout=60)
        self.assertEqual(next(stream).status, SERVING)
        self.janusd.pause()
        self.assert_allowed(goal.run("cat /data/recipe"), "salt")  # the keeper's answer
        self.janusd.resume()
        self.wait_ready(503, "not ready\n", "overdue: ")
        self.assertEqual(next(stream).status, NOT_SERVING)
        self.assertGreaterEqual(self.scraper.value("janus_overdue_total"), 1)
        self.assertEqual(self.scraper.get("/healthz").status, 200)
        self.assertEqual(next(stream).status, SERVING)
        self.wait_ready(200)

    def test_a_main_thread_that_is_stuck(self):
        self.scraper.get("/metrics")
        held = tracer.Thread(self.janusd.worker_pid)
        self.addCleanup(held.detach)
        wait_until(lambda: self.scraper.get("/healthz").status == 503, 20, "not to be alive")
        self.assertIn("stuck: ", self.scraper.get("/readyz").text)
        self.assertEqual(self.client.check().message.status, NOT_SERVING)
        self.assertGreater(self.scraper.value("janus_snapshot_age_seconds"), 1)
        self.assertEqual(self.scraper.value("janus_problem", problem="stuck"), 1)
        held.detach()
        self.wait_ready(200)
        self.assertEqual(self.client.check().message.status, SERVING)

    def test_the_end(self):
        stream = self.client.watch()
        self.assertEqual(next(stream).status, SERVING)
        os.kill(self.janusd.worker_pid, signal.SIGTERM)
        self.assertEqual(next(stream).status, NOT_SERVING)


class Strict(Scraped):
    settings = {"strict": True}

    def test_a_partial_guard_is_no_health(self):
        goal = self.target({"/data/recipe": "salt\n"})
        stream = self.client.watch(timeout=60)
        self.assertEqual(next(stream).status, SERVING)
        self.create("kitchen", pid=[goal.pid], deny=["/data/recipe", "/nowhere"])
        self.assertEqual(next(stream).status, NOT_SERVING)
        self.wait_ready(503, "partial: ")
        self.assertEqual(self.scraper.value("janus_healthy"), 0)
        self.assertEqual(self.scraper.get("/healthz").status, 200)
        self.create("kitchen", pid=[goal.pid], deny=["/data/recipe"])
        self.assertEqual(next(stream).status, SERVING)
        self.wait_ready(200)


class Many(Scraped):
    def test_scrapers_at_once_while_there_is_much_to_do(self):
        goal = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[goal.pid], deny=["/data/recipe"])
        statuses = []

        def scrape():
            for _ in range(10):
                statuses.append(self.scraper.get("/metrics", timeout=30).status)

        threads = [threading.Thread(target=scrape) for _ in range(8)]
        for thread in threads:
            thread.start()
        for _ in range(50):
            self.assert_denied(goal.run("cat /data/recipe"))
        for thread in threads:
            thread.join()
        self.assertEqual(statuses, [200] * 80)
        self.wait_value(50, "janus_denied_total")


if __name__ == "__main__":
    main()
