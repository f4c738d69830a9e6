# SPDX-License-Identifier: MIT
"""Certificates for the mTLS tests, made by openssl in a folder of the sandbox.

Owns: the authorities and what they sign. The server's names are those of the loopback.
"""

import os
import subprocess

import sandbox


def openssl(*words):
    try:
        done = subprocess.run(["openssl", *words], capture_output=True, text=True, errors="replace",
                              stdin=subprocess.DEVNULL,
                              timeout=30, check=False)
    except FileNotFoundError:
        sandbox.skip("needs openssl")
    if done.returncode:
        raise AssertionError(f"openssl {words[0]}: {done.stderr}")


class Pair:
    """A certificate and its key, as files."""

    def __init__(self, folder, name):
        self.cert = os.path.join(folder, name + ".crt")
        self.key = os.path.join(folder, name + ".key")

    def read(self):
        with open(self.cert, "rb") as cert, open(self.key, "rb") as key:
            return cert.read(), key.read()

    def replace_by(self, other):
        """Each file in one step, as certificate managers do it."""
        for mine, new in zip((self.cert, self.key), other.read()):
            with open(mine + ".new", "wb") as file:
                file.write(new)
            os.rename(mine + ".new", mine)


class Authority(Pair):
    def __init__(self, folder, name):
        super().__init__(folder, name)
        self.folder = folder
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", self.key,
                "-out", self.cert, "-addext", "basicConstraints=critical,CA:TRUE")

    def sign(self, name, days=2):
        pair = Pair(self.folder, name)
        request = os.path.join(self.folder, name + ".csr")
        names = os.path.join(self.folder, name + ".ext")
        with open(names, "w", encoding="ascii") as file:
            file.write("subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-subj", f"/CN={name}", "-keyout", pair.key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key,
                "-CAcreateserial", "-days", str(days), "-extfile", names, "-out", pair.cert)
        return pair
