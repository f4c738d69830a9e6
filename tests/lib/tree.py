# SPDX-License-Identifier: MIT
"""File trees for targets: a busybox root on a tmpfs folder or on an overlay.

Owns: what such a root holds, and its mounts (which the sandbox's end takes away).
"""

import os
import shutil
import subprocess

import sandbox

APPLETS = None


def busybox():
    path = shutil.which("busybox")
    if not path:
        sandbox.skip("needs busybox (a static one)")
    return path


def applets():
    global APPLETS
    if APPLETS is None:
        text = subprocess.run([busybox(), "--list"], capture_output=True, text=True,
                              check=True).stdout
        APPLETS = [name for name in text.split() if name != "busybox"]
    return APPLETS


def fill(root):
    """A root that a shell can live in, and the folders that tests put files into."""
    for name in ("bin", "data", "dev", "etc", "proc", "sys", "tmp"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    target = os.path.join(root, "bin", "busybox")
    shutil.copy(busybox(), target)
    os.chmod(target, 0o755)
    for name in applets():
        link = os.path.join(root, "bin", name)
        if not os.path.lexists(link):
            os.symlink("/bin/busybox", link)
    write(root, "/etc/passwd", "root:x:0:0:root:/:/bin/sh\n")
    return root


def write(root, path, text, mode=0o644):
    """Make a file in a root; path is as the target sees it."""
    full = os.path.join(root, path.lstrip("/"))
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(full, mode)
    return full


def on_tmpfs(box, name):
    """On the work folder's superblock, which everything else of the test shares."""
    return fill(box.folder(name, "rootfs"))


def on_overlay(box, name, files, other_layer=False):
    """Layers on one tmpfs, or each on its own (whose inode numbers overlayfs then makes up).

    The files go into the lower layer, which may not change any more once it is mounted.
    """
    layers = {kind: box.folder(name, kind) for kind in ("lower", "top", "rootfs")}
    if other_layer:
        sandbox.mount("janus-lower", layers["lower"], "tmpfs", "mode=755")
        sandbox.mount("janus-top", layers["top"], "tmpfs", "mode=755")
    fill(layers["lower"])
    for path, text in files.items():
        write(layers["lower"], path, text)
    upper, work = box.folder(name, "top", "upper"), box.folder(name, "top", "work")
    sandbox.mount("overlay", layers["rootfs"], "overlay",
                  f"lowerdir={layers['lower']},upperdir={upper},workdir={work}"
                  + (",xino=off" if other_layer else ""))
    return layers["rootfs"]
