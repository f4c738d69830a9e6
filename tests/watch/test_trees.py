# SPDX-License-Identifier: MIT
"""-r and what bounds it: depth, patterns, file systems."""

import os
import shutil

import sandbox
from case import main
from watch_case import WatchCase
from watcher import READY


class Trees(WatchCase):
    def test_without_r_only_children_are_told(self):
        self.folder_of("inner")
        watcher = self.json(self.folder)
        path = self.write("inner/file")
        self.fence(watcher)
        self.assertNotIn(path, [event["path"] for event in watcher.events()])

    def test_what_is_there_is_covered(self):
        self.folder_of("a/b/c/d")
        watcher = self.json("-r", self.folder)
        for name in ("top", "a/1", "a/b/2", "a/b/c/3", "a/b/c/d/4"):
            path = self.write(name)
            watcher.wait_event("create", path)
            watcher.wait_event("close_write", path)

    def test_ready_tells_how_many(self):
        self.folder_of("a/b")
        self.folder_of("c")
        watcher = self.watch("-r", self.folder)
        match = READY.match(watcher.wait_ready())
        self.assertEqual(match.group(1), "4")

    def test_new_directories_are_covered(self):
        watcher = self.json("-r", self.folder)
        self.folder_of("a/b/c/d/e")
        for name in ("a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/e"):
            watcher.wait_event("create", self.path(name), ftype="directory")
        path = self.write("a/b/c/d/e/file")
        watcher.wait_event("create", path, ftype="file")
        watcher.wait_event("close_write", path)

    def test_what_is_put_into_a_new_directory_at_once_is_told(self):
        watcher = self.json("-r", "--events", "create", self.folder)
        paths = []
        for number in range(50):
            self.folder_of(f"n{number}/a/b")
            paths.append(self.write(f"n{number}/a/b/file"))
        for path in paths:
            watcher.wait_event("create", path)

    def test_a_directory_that_is_moved_in_is_covered(self):
        outside = self.box.folder(self.unique("outside"), "a", "b")
        watcher = self.json("-r", self.folder)
        os.rename(os.path.dirname(outside), self.path("in"))
        watcher.wait_event("create", self.path("in"), ftype="directory")
        watcher.wait_event("create", self.write("in/b/file"))

    def test_a_directory_that_is_moved_out_is_not_told_any_more(self):
        self.folder_of("a/b")
        outside = os.path.join(self.box.folder(self.unique("outside")), "a")
        watcher = self.json("-r", self.folder)
        os.rename(self.path("a"), outside)
        watcher.wait_event("delete", self.path("a"), ftype="directory")
        with open(os.path.join(outside, "b", "file"), "wb"):
            pass
        self.fence(watcher)
        self.assertEqual([event for event in watcher.events()
                          if (event["path"] or "").endswith("/b/file")], [])

    def test_a_rename_across_directories_has_both_paths(self):
        self.folder_of("a/b")
        self.folder_of("c")
        old = self.write("a/b/old")
        watcher = self.json("-r", self.folder)
        os.rename(old, self.path("c/new"))
        watcher.wait_event("rename", self.path("c/new"), old_path=old, ftype="file")

    def test_what_happens_in_a_renamed_directory_has_its_new_path(self):
        self.folder_of("old/inner")
        watcher = self.json("-r", self.folder)
        os.rename(self.path("old"), self.path("new"))
        watcher.wait_event("rename", self.path("new"), old_path=self.path("old"),
                           ftype="directory")
        watcher.wait_event("create", self.write("new/inner/file"))
        self.assertNotIn(self.path("old/inner/file"),
                         [event["path"] for event in watcher.events()])

    def test_a_directory_that_went_and_came_back_is_covered(self):
        self.folder_of("a")
        watcher = self.json("-r", self.folder)
        shutil.rmtree(self.path("a"))
        watcher.wait_event("delete", self.path("a"))
        self.folder_of("a/b")
        watcher.wait_event("create", self.path("a/b"))
        watcher.wait_event("create", self.write("a/b/file"))


class Bounds(WatchCase):
    def assert_told(self, watcher, told, untold):
        """Paths that are created now; a directory where the name ends with '/'."""
        for name in (*untold, *told):
            if name.endswith("/"):
                self.folder_of(name.rstrip("/"))
            else:
                self.write(name)
        for name in told:
            watcher.wait_event("create", self.path(name.rstrip("/")))
        self.fence(watcher)
        watcher.stop()
        paths = [event["path"] for event in watcher.events()]
        for name in untold:
            self.assertNotIn(self.path(name.rstrip("/")), paths)

    def test_depth(self):
        self.folder_of("a/b/c")
        for depth, told, untold in (("1", ("1", "n1/"), ("a/1", "a/b/1")),
                                    ("2", ("2", "a/2", "a/n2/"), ("a/b/2", "a/b/c/2")),
                                    ("3", ("a/b/3",), ("a/b/c/3",)),
                                    ("9", ("a/b/c/9",), ())):
            with self.subTest(depth=depth):
                watcher = self.json("-r", "--depth", depth, self.folder)
                self.assert_told(watcher, told, untold)

    def test_depth_of_new_directories(self):
        watcher = self.json("-r", "--depth", "2", self.folder)
        self.folder_of("a/b")
        watcher.wait_event("create", self.path("a/b"))
        self.assert_told(watcher, ("a/file",), ("a/b/file",))

    def test_ignore_a_name(self):
        self.folder_of("skip/inner")
        self.folder_of("a/skip")
        watcher = self.json("-r", "--ignore", "skip", "--ignore", "*.tmp", self.folder)
        self.assert_told(watcher, ("a/1", "1.txt", "skipped"),
                         ("skip/1", "skip/inner/1", "a/skip/1", "1.tmp", "a/2.tmp"))

    def test_ignore_directories_only(self):
        self.folder_of("name")
        self.folder_of("a")
        watcher = self.json("-r", "--ignore", "name/", self.folder)
        self.assert_told(watcher, ("a/name",), ("name/file",))

    def test_ignore_a_path(self):
        self.folder_of("a/b")
        self.folder_of("b")
        watcher = self.json("-r", "--ignore", self.path("b"), self.folder)
        self.assert_told(watcher, ("a/b/1",), ("b/1",))

    def test_ignore_what_is_new(self):
        watcher = self.json("-r", "--ignore", "skip", self.folder)
        self.folder_of("a/skip")
        watcher.wait_event("create", self.path("a"))
        self.assert_told(watcher, ("a/file",), ("a/skip/file",))

    def test_one_filesystem(self):
        other = self.folder_of("mounted")
        sandbox.mount("janus-other", other, "tmpfs")
        self.addCleanup(sandbox.umount, other)
        watcher = self.json("-r", self.folder)
        watcher.wait_event("create", self.write("mounted/1"))
        watcher.stop()
        watcher = self.json("-r", "--one-filesystem", self.folder)
        self.assert_told(watcher, ("2",), ("mounted/2",))

    def test_the_summary_counts_what_is_left_out(self):
        self.folder_of("a/b")
        self.folder_of("skip/inner")
        watcher = self.watch("-rv", "--ignore", "skip", self.folder)
        watcher.stop()
        said = "\n".join(watcher.err.lines)
        self.assertRegex(said, "(?m)^paths: 1, in force 1, waited for 0, skipped 0$")
        self.assertRegex(said, "(?m)^trees: directories 3, files 0, left out 1, skipped 0$")
        self.assertRegex(said, "(?m)^ready: 3 directories$")


if __name__ == "__main__":
    main(grpc=False)
