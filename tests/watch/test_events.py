# SPDX-License-Identifier: MIT
"""Each kind of event, and what a line says of it."""

import datetime
import os
import shutil
import signal
import subprocess
import time

from case import main
from watch_case import WatchCase

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def time_ns(text):
    """RFC 3339, with all its digits."""
    seconds, digits = text.removesuffix("Z").split(".")
    moment = datetime.datetime.fromisoformat(seconds + "+00:00")
    return int((moment - EPOCH).total_seconds()) * 10 ** 9 + int(digits)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Kinds(WatchCase):
    """Each alone: nothing else is told where nothing else was asked for."""

    def only(self, kind, do, path, **fields):
        watcher = self.json("--events", kind, self.folder)
        do()
        event = watcher.wait_event(kind, path, **fields)
        watcher.stop()
        self.assertEqual({event["event"] for event in watcher.events()}, {kind})
        return event

    def test_create(self):
        path = self.path("new")
        event = self.only("create", lambda: self.write("new"), path, ftype="file")
        self.assertIsNone(event["old_path"])

    def test_create_a_directory(self):
        self.only("create", lambda: self.folder_of("new"), self.path("new"),
                  ftype="directory")

    def test_create_a_symlink(self):
        path = self.path("link")
        self.only("create", lambda: os.symlink("/nowhere", path), path, ftype="symlink")

    def test_create_a_hard_link(self):
        old, path = self.write("old"), self.path("new")
        self.only("create", lambda: os.link(old, path), path, ftype="file")

    def test_create_by_a_move_from_outside(self):
        outside = os.path.join(self.box.folder(self.unique("outside")), "file")
        with open(outside, "wb"):
            pass
        path = self.path("moved")
        self.only("create", lambda: os.rename(outside, path), path, ftype="file")

    def test_modify(self):
        path = self.write("file")
        self.only("modify", lambda: self.write("file", "other"), path, ftype="file")

    def test_modify_by_truncation(self):
        path = self.write("file")
        self.only("modify", lambda: os.truncate(path, 1), path, ftype="file")

    def test_close_write(self):
        path = self.write("file")
        self.only("close_write", lambda: self.write("file", "other"), path, ftype="file")

    def test_attrib(self):
        path = self.write("file")
        self.only("attrib", lambda: os.chmod(path, 0o600), path, ftype="file")

    def test_attrib_of_a_directory(self):
        path = self.folder_of("inner")
        self.only("attrib", lambda: os.chmod(path, 0o700), path, ftype="directory")

    def test_delete(self):
        path = self.write("file")
        self.only("delete", lambda: os.unlink(path), path)

    def test_delete_a_directory(self):
        path = self.folder_of("inner")
        self.only("delete", lambda: os.rmdir(path), path, ftype="directory")

    def test_delete_by_a_move_to_outside(self):
        path = self.write("file")
        outside = os.path.join(self.box.folder(self.unique("outside")), "file")
        self.only("delete", lambda: os.rename(path, outside), path)

    def test_rename(self):
        old, new = self.write("old"), self.path("new")
        self.only("rename", lambda: os.rename(old, new), new, old_path=old, ftype="file")

    def test_rename_a_directory(self):
        old, new = self.folder_of("old"), self.path("new")
        self.only("rename", lambda: os.rename(old, new), new, old_path=old,
                  ftype="directory")

    def test_rename_over_another(self):
        old, new = self.write("old"), self.write("new")
        self.only("rename", lambda: os.rename(old, new), new, old_path=old)

    def test_open(self):
        path = self.write("file")
        self.only("open", lambda: read(path), path, ftype="file")

    def test_access(self):
        path = self.write("file")
        self.only("access", lambda: read(path), path, ftype="file")

    def test_access_to_a_directory(self):
        path = self.folder_of("inner")
        self.only("access", lambda: os.listdir(path), path, ftype="directory")

    def test_exec(self):
        path = self.path("program")
        shutil.copy(shutil.which("true"), path)
        os.chmod(path, 0o755)
        self.only("exec", lambda: subprocess.run([path], timeout=20, check=True), path,
                  ftype="file")

    def test_a_list(self):
        watcher = self.json("--events", "create,delete", self.folder)
        path = self.write("file")
        os.unlink(path)
        watcher.wait_event("delete", path)
        watcher.stop()
        self.assertEqual(self.told(watcher), [("create", path), ("delete", path)])

    def test_all_by_default(self):
        path = self.path("file")
        watcher = self.json(self.folder)
        self.write("file")
        read(path)
        os.chmod(path, 0o755)
        os.rename(path, self.path("other"))
        os.unlink(self.path("other"))
        for kind in ("create", "open", "modify", "close_write", "access", "attrib"):
            watcher.wait_event(kind, path)
        watcher.wait_event("rename", self.path("other"), old_path=path)
        watcher.wait_event("delete", self.path("other"))


class Fields(WatchCase):
    def test_who_it_was(self):
        watcher = self.json(self.folder)
        path = self.write("file")
        watcher.wait_event("create", path, pid=os.getpid(),
                           exe=os.readlink("/proc/self/exe"))

    def test_who_is_gone_has_no_program(self):
        watcher = self.json("--events", "create", self.folder)
        watcher.process.send_signal(signal.SIGSTOP)  # until the child has been reaped
        path = self.path("file")
        child = subprocess.Popen(["touch", path])
        self.assertEqual(child.wait(20), 0)
        watcher.process.send_signal(signal.SIGCONT)
        watcher.wait_event("create", path, pid=child.pid, exe=None)

    def test_when_it_was(self):
        watcher = self.json(self.folder)
        before = time.time_ns()
        path = self.write("file")
        event = watcher.wait_event("create", path)
        self.assertRegex(event["time"],
                         r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z\Z")
        # Within a tick: a coarse clock would do.
        self.assertGreater(time_ns(event["time"]), before - 10 ** 8)
        self.assertLess(time_ns(event["time"]), time.time_ns() + 10 ** 8)

    def test_a_file_that_is_watched_itself(self):
        path, other = self.write("file"), self.write("other")
        watcher = self.json(path)
        self.write("other", "not told")
        self.write("file", "told")
        watcher.wait_event("close_write", path)
        watcher.stop()
        self.assertNotIn(other, [event["path"] for event in watcher.events()])

    def test_several_paths(self):
        folders = [self.folder_of("one"), self.folder_of("two")]
        watcher = self.json("--events", "create", *folders)
        for name in ("one/a", "two/b"):
            watcher.wait_event("create", self.write(name))


class Text(WatchCase):
    def test_a_line_is_time_kind_type_and_path(self):
        watcher = self.watch("--events", "create,rename,delete", self.folder)
        old, new = self.write("a b"), self.path("c")
        watcher.wait_line(f" CREATE,file {old}$")  # its type is looked up by its name
        os.rename(old, new)
        os.mkdir(self.path("d"))
        os.rmdir(self.path("d"))
        watcher.wait_line(f" DELETE,directory {self.path('d')}$")
        watcher.stop()
        lines = watcher.out.lines
        for line in lines:
            self.assertRegex(line, r"\A\d\d:\d\d:\d\d\.\d{6} [A-Z_]+,[a-z]+ /")
        self.assertEqual([line.split(" ", 1)[1] for line in lines],
                         [f"CREATE,file {old}", f"RENAME,file {old} -> {new}",
                          f"CREATE,directory {self.path('d')}",
                          f"DELETE,directory {self.path('d')}"])


HOSTILE = {
    b"line\nfeed": r"line\nfeed",
    b"tab\tand\rreturn": r"tab\tand\rreturn",
    b"\x1b[31mred\x07": r"\x1b[31mred\x07",
    b"\"quotes' and {}": "\"quotes' and {}",
    b"back\\slash": r"back\\slash",
    b" -> ": r" -\x3e ",
    "k\u00e9y\u732b\U0001f511".encode(): r"k\xc3\xa9y\xe7\x8c\xab\xf0\x9f\x94\x91",
    "\u202egpj.exe".encode(): r"\xe2\x80\xaegpj.exe",
    b"n" * 255: "n" * 255,
    b"\n" * 255: r"\n" * 255,
    b"\xff\xfe": r"\xff\xfe",
    b"\xc3\x28cut\xe2\x82": r"\xc3(cut\xe2\x82",
    b"\xed\xa0\x80": r"\xed\xa0\x80",
}


class HostileNames(WatchCase):
    def make(self, name):
        path = os.path.join(os.fsencode(self.folder), name)
        with open(path, "xb"):
            return path

    def test_json(self):
        watcher = self.json("--events", "create", self.folder)
        paths = [self.make(name) for name in HOSTILE]
        self.fence(watcher)
        watcher.stop()
        events = watcher.events()[:-1]
        self.assertEqual(len(events), len(paths))
        for path, event in zip(paths, events):
            with self.subTest(path=path):
                try:
                    self.assertEqual(event["path"], path.decode())
                    self.assertNotIn("path_bytes", event)
                except UnicodeDecodeError:
                    self.assertIn("\ufffd", event["path"])
                    self.assertEqual(bytes.fromhex(event["path_bytes"]), path)

    def test_json_of_a_rename(self):
        watcher = self.json("--events", "rename", self.folder)
        old = self.make(b"\xff")
        new = old + b"\xfe"
        os.rename(old, new)
        event = watcher.wait_event("rename")
        self.assertEqual(bytes.fromhex(event["old_path_bytes"]), old)
        self.assertEqual(bytes.fromhex(event["path_bytes"]), new)

    def test_text(self):
        watcher = self.watch("--events", "create", self.folder)
        for name in HOSTILE:
            self.make(name)
        self.write("fence")
        watcher.wait_line("/fence$")
        watcher.stop()
        self.assertEqual([line.split(" ", 2)[2] for line in watcher.out.lines[:-1]],
                         [self.path(text) for text in HOSTILE.values()])


if __name__ == "__main__":
    main(grpc=False)
