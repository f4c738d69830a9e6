#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that includes go one way.

usage: check_includes.py SOURCE-DIRECTORY

libjanus: a file includes only headers that stand before it in ORDER, its own header, and public
ones. Everything else: its own folder's headers and public ones. Nowhere a circle. libjanus
knows no library but libc.
"""

import os
import re
import sys

# The flow of docs/architecture.md, read like a text: from left to right, from top to bottom.
# A new file needs a place here before it can be built upon. "x" is x.h and x.c; where x.c
# stands for itself, it closes a loop between objects that their headers leave open.
ORDER = """
    util kernel kernel_linux
    options log report stats version error observe features
    proc cgroup mounts status listing json state hierarchy members container_root
    container_object container pretenders containers
    actor actors
    pattern exception subject spec bindings strict rules table strictness rules.c lookup
    decode decode_fid handle ring slab tree nodes tree.c extent fresh later doubt
    identify climb failure root excepted reach strategy wide quiet tell marks
    expand cover cover_tree cover_entry cover_announce cover_root cover_end cover.c sweep
    follow follow_open follow_entry follow_rename follow_doubts follow_settle follow.c
    decide respond ledger overdue watchdog keep
    event untold twins asking search reserve
    responder answering handling answering.c responder.c linger follower
    lives notice needs watch tend context following tend.c watch.c poll stats.c context.c
""".split()

# The public headers, likewise.
PUBLIC_ORDER = "export types error version container keep context watch event janus".split()

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
FOREIGN = re.compile(r"^(grpc|jansson|protobuf|google|criterion|systemd|openssl)")


def includes(path):
    with open(path, encoding="utf-8") as source:
        return INCLUDE.findall(source.read())


def sources(folder, suffixes=(".c", ".h")):
    for directory, _, names in os.walk(folder):
        for name in sorted(names):
            if name.endswith(suffixes):
                yield os.path.join(directory, name)


def stem(path):
    return os.path.basename(path).split(".")[0]


def place(path):
    """Where a file of libjanus stands; None if nowhere."""
    for name in (os.path.basename(path), stem(path)):
        if name in ORDER:
            return ORDER.index(name)
    return None


def check_public(root):
    """include/janus: each header stands on those before it and on ISO C."""
    for path in sources(os.path.join(root, "include", "janus"), (".h", ".h.in")):
        name = stem(path)
        if name not in PUBLIC_ORDER:
            yield path, f'"{name}" has no place in PUBLIC_ORDER'
            continue
        for kind, header in includes(path):
            if kind == '"':
                yield path, f'includes "{header}": public headers are <janus/...>'
            elif header.startswith("janus/"):
                other = stem(header)
                if other not in PUBLIC_ORDER[: PUBLIC_ORDER.index(name)]:
                    yield path, f"includes <{header}>, which does not stand before it"
            elif not re.match(r"^std(bool|def|int)\.h$", header):
                yield path, f"includes <{header}>: more than a public header may need"


def check_library(root):
    """libjanus: one way along ORDER, libc only."""
    for path in sources(os.path.join(root, "libjanus")):
        at = place(path)
        if at is None:
            yield path, f'"{stem(path)}" has no place in ORDER'
            continue
        for kind, header in includes(path):
            if kind == "<":
                if FOREIGN.match(header):
                    yield path, f"includes <{header}>: libjanus links libc only"
                continue
            own = header == stem(path) + ".h" and path.endswith(".c")
            if "/" in header:
                yield path, f'includes "{header}": name the file, not a way to it'
            elif place(header) is None:
                yield path, f'includes "{header}", which has no place in ORDER'
            elif not own and place(header) >= at:
                yield path, f'includes "{header}", which does not stand left of it'


def find_circle(graph):
    """One circle of the graph, as a list of its nodes; None if there is none."""
    done = set()

    def visit(node, trail):
        if node in trail:
            return trail[trail.index(node) :] + [node]
        if node in done:
            return None
        for other in sorted(graph.get(node, ())):
            circle = visit(other, trail + [node])
            if circle:
                return circle
        done.add(node)
        return None

    for start in sorted(graph):
        circle = visit(start, [])
        if circle:
            return circle
    return None


def check_program(root, folder):
    """A program: nothing private of the library, no circles among its own headers."""
    private = {
        os.path.basename(path)
        for path in sources(os.path.join(root, "libjanus"), (".h",))
    }
    files = list(sources(os.path.join(root, folder)))
    own = {os.path.basename(path) for path in files}
    graph = {}
    for path in files:
        for kind, header in includes(path):
            base = os.path.basename(header)
            if kind == '"' and (".." in header or "libjanus" in header):
                yield path, f'includes "{header}": use the public <janus/...> headers'
            elif kind == '"' and base in private and base not in own:
                yield path, f'includes "{header}", a private header of libjanus'
            if kind == '"' and path.endswith(".h"):
                graph.setdefault(os.path.basename(path), set()).add(base)
    circle = find_circle(graph)
    if circle:
        yield os.path.join(root, folder), "a circle of headers: " + " -> ".join(circle)


def main():
    root = sys.argv[1]
    found = list(check_public(root)) + list(check_library(root))
    for folder in ("janusd", "janusctl", "examples"):
        found += check_program(root, folder)
    for path, what in found:
        print(f"{os.path.relpath(path, root)}: {what}")
    if not list(sources(os.path.join(root, "libjanus"))):
        print(f"{root} holds no libjanus: nothing was checked")
        return 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
