# SPDX-License-Identifier: MIT
"""A real Prometheus: promtool reads what /metrics says, and a server scrapes it in both formats."""

import json
import os
import socket
import subprocess
import urllib.parse
import urllib.request

from case import Case, main
import sandbox
from sandbox import wait_until
from scrape import Scraper, config

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RULES = os.path.join(TOP, "deploy", "prometheus")


def need_prometheus():
    for name in ("prometheus", "promtool"):
        if not os.access(f"/usr/bin/{name}", os.X_OK):
            sandbox.skip(f"needs /usr/bin/{name}, of Debian's package prometheus")


def promtool(*words, text=None):
    return subprocess.run(["/usr/bin/promtool", *words], input=text, capture_output=True,
                          text=True, timeout=60, check=False, cwd=RULES)


class Server:
    """Ended by its pid. Its clean-up is the sandbox's, too."""

    def __init__(self, box, target):
        self.folder = box.folder("prometheus")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        path = os.path.join(self.folder, "prometheus.yml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
                       "rule_files": [os.path.join(RULES, "janus.rules.yml")],
                       "scrape_configs": [{"job_name": "janusd",
                                           "static_configs": [{"targets": [target]}]}]}, file)
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(
                ["/usr/bin/prometheus", f"--config.file={path}",
                 f"--storage.tsdb.path={self.folder}/data",
                 f"--web.listen-address=127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        box.adopt(self.process.pid)

    def query(self, expression):
        """[(labels, number)]; none while it is not up yet."""
        url = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression})
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                told = json.load(answer)
        except OSError:
            return []
        return [(one["metric"], float(one["value"][1])) for one in told["data"]["result"]]

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Prometheus(Case):
    janusd_flags = None

    def setUp(self):
        super().setUp()
        self.janusd = self.start_janusd("--config", config(self.box, self.unique("config")))
        self.client = self.connect(self.janusd.address)
        self.scraper = Scraper(self.janusd)
        self.goal = self.target({"/data/recipe": "salt\n"})
        self.create("kitchen", pid=[self.goal.pid], name='wei"rd\\ n\xe4me',
                    deny=["/data/recipe"])
        self.assert_denied(self.goal.run("cat /data/recipe"))
        wait_until(lambda: self.scraper.value("janus_denied_total") == 1, 20, "the record")

    def test_promtool_finds_nothing_to_mend(self):
        told = promtool("check", "metrics", text=self.scraper.get("/metrics").text)
        self.assertEqual((told.returncode, told.stdout, told.stderr), (0, "", ""))

    def test_promtool_can_tell(self):
        told = promtool("check", "metrics", text="# TYPE a counter\na{b=\"\n")
        self.assertNotEqual(told.returncode, 0)

    def test_a_scrape(self):
        server = Server(self.box, f"127.0.0.1:{self.scraper.port}")
        self.addCleanup(server.stop)
        wait_until(lambda: server.query('up{job="janusd"} == 1'), 60, "a scrape")
        self.assertEqual(len(server.query("janus_build_info")), 1)
        wait_until(lambda: server.query('janus_verdicts_total{verdict="deny"}'), 30, "a verdict")
        [(labels, count)] = server.query('janus_verdicts_total{verdict="deny"}')
        self.assertEqual((labels["guard"], labels["pod"], count),
                         ('wei"rd\\ n\xe4me', "kitchen", 1))
        [(_, inside)] = server.query("janus_answer_duration_seconds_count"
                                     " - ignoring(le) janus_answer_duration_seconds_bucket"
                                     '{le="+Inf"}')
        self.assertEqual(inside, 0)
        self.assertEqual(server.query('ALERTS{alertstate="firing"}'), [])

    def test_rules(self):
        told = promtool("check", "rules", "janus.rules.yml")
        self.assertEqual(told.returncode, 0, told)
        told = promtool("test", "rules", "janus.rules.test.yml")
        self.assertEqual(told.returncode, 0, told)


if __name__ == "__main__":
    main(need_prometheus)
