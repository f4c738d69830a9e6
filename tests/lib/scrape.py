# SPDX-License-Identifier: MIT
"""What a scraper and a prober see of a janusd.

Owns: one connection for each request. Nothing is retried.
"""

import http.client
import json
import os
import re

SAMPLE = re.compile(r'^(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
TOLD = r"^janusd: metrics on \S+ \(port (\d+)\)$"


def config(box, name, **more):
    """A configuration file that asks for metrics on any port. Return: its path."""
    path = os.path.join(box.folder(name), "janusd.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"metrics": {"listen": "127.0.0.1:0"}, **more}, file)
    return path


class Answer:
    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.text = response.read().decode("utf-8")


class Scraper:
    def __init__(self, janusd, since=0):
        line = janusd.wait_line(TOLD, since=since)[-1]
        self.port = int(re.match(TOLD, line).group(1))

    def get(self, path, method="GET", timeout=10, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, headers=headers)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def samples(self):
        """{(name, ((label, value), ...)): number}"""
        found = {}
        for line in self.get("/metrics").text.splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.match(line).groups()
            found[name, tuple(sorted(LABEL.findall(labels or "")))] = float(value)
        return found

    def value(self, name, **labels):
        """Of the sample that has all these labels, or the sum of those that have; 0: none."""
        wanted = set(labels.items())
        return sum(value for (one, has), value in self.samples().items()
                   if one == name and wanted <= set(has))
