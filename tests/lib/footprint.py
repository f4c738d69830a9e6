# SPDX-License-Identifier: MIT
"""What a process has of what it could leak."""

import os
import re

MARK = re.compile(r"^fanotify (?:ino|mnt_id|sdev):", re.MULTILINE)


# Of gRPC, which starts and ends some as it sees fit.
POOLS = ("default-executo", "resolver-execut", "grpc_global_tim", "event_engine",
         "timer_manager")


def thread_names(pid):
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/comm", encoding="ascii") as comm:
                yield comm.read().strip()
        except FileNotFoundError:
            pass


def footprint(pid):
    """fds, threads (those of gRPC's pools by themselves), marks and kilobytes of a process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        lines = dict(line.split(":", 1) for line in status)
    names = list(thread_names(pid))
    pooled = sum(name in POOLS for name in names)
    marks = 0
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as info:
                marks += len(MARK.findall(info.read()))
        except FileNotFoundError:
            pass
    return {"fds": len(os.listdir(f"/proc/{pid}/fd")), "threads": len(names) - pooled,
            "pooled": pooled, "marks": marks, "kB": int(lines["VmRSS"].split()[0])}
