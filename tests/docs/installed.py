# SPDX-License-Identifier: MIT
"""The product as a user gets it: installed under a prefix of the test's own.

Owns: the prefix, which ends with the test. Finds the library through pkg-config only.
"""

import atexit
import glob
import os
import shlex
import shutil
import subprocess
import tempfile

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]


class Installed:
    def __init__(self):
        self.prefix = tempfile.mkdtemp(prefix="janus-installed-")
        atexit.register(shutil.rmtree, self.prefix, ignore_errors=True)
        run(os.environ["CMAKE"], "--install", os.environ["JANUS_BUILD"],
            "--prefix", self.prefix)
        self.pc_folder = os.path.dirname(self.find("janus.pc"))

    def find(self, name):
        found = glob.glob(f"{glob.escape(self.prefix)}/**/{name}", recursive=True)
        if len(found) != 1:
            raise AssertionError(f"{name}: expected once in the prefix, got {found}")
        return found[0]

    def pkg_config(self, *words):
        env = dict(os.environ, PKG_CONFIG_PATH=self.pc_folder)
        return shlex.split(run("pkg-config", *words, "janus", env=env))

    def environment(self):
        """What a program needs to run with the library of this prefix."""
        folder = self.pkg_config("--variable=libdir")[0]
        return dict(os.environ, LD_LIBRARY_PATH=folder)

    def compile(self, source, *words):
        return run(*shlex.split(os.environ["CC"]), *WARNINGS, *self.pkg_config("--cflags"),
                   source, *words)


def run(*words, env=None):
    """Its stdout; whatever it said, if it failed."""
    done = subprocess.run(words, capture_output=True, text=True, env=env, timeout=60,
                          check=False)
    if done.returncode:
        raise AssertionError(f"{words}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout
