# SPDX-License-Identifier: MIT
"""A person without rights, whom only this test's namespace knows.

Owns: the entries in the files that say who there is, as copies which lie over the machine's
own files, the home, the folder below /run/user, and the words that go before a command which
that person is to run. Needs a /run of the test's own: engines.private_run().
"""

import os
import shutil
import subprocess

import sandbox

NAME, UID = "janus-cook", 64711
# What the person's containers may use: beyond all that machines give to others.
FIRST_ID, ID_COUNT = 1000000000, 65536
ENTRIES = {
    "passwd": f"{NAME}:x:{UID}:{UID}::{{home}}:/bin/sh\n",
    "group": f"{NAME}:x:{UID}:\n",
    "subuid": f"{NAME}:{FIRST_ID}:{ID_COUNT}\n",
    "subgid": f"{NAME}:{FIRST_ID}:{ID_COUNT}\n",
}


class User:
    """One a test process; whoever makes it again gets the same one."""

    def __init__(self, box):
        self.home = os.path.join(box.path, "home")
        self.runtime = f"/run/user/{UID}"
        if os.path.exists(self.home):
            return
        copies = box.folder("etc")
        for name, entry in ENTRIES.items():
            self.register(os.path.join(copies, name), "/etc/" + name, entry)
        os.mkdir(self.home, 0o700)
        os.chown(self.home, UID, UID)
        os.makedirs(self.runtime)
        # As logind makes it: a file system of the person's own.
        sandbox.mount("janus-user", self.runtime, "tmpfs", f"mode=700,uid={UID},gid={UID}")

    def register(self, copy, real, entry):
        shutil.copy(real, copy)
        with open(copy, "a", encoding="utf-8") as file:
            file.write(entry.format(home=self.home))
        subprocess.run(["mount", "--bind", copy, real], check=True, timeout=30)

    def words(self, *words):
        return ("env", "--ignore-environment", "--chdir=" + self.home,
                "PATH=" + os.environ["PATH"], "HOME=" + self.home,
                "TMPDIR=" + self.home, "XDG_RUNTIME_DIR=" + self.runtime,
                "setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups", *words)
