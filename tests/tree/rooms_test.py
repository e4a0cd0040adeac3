"""Holds every #include and every link of a CMake target to the table of rooms in ARCHITECTURE.md."""

import os
import pathlib
import re
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("IBKR_BUILD", TOP / "build" / "dev"))
FOR_EVERYBODY = "base"

ROW = re.compile(r"^\| `(\w+)/` \|[^|]*\| ([^|]*?) \|$", re.MULTILINE)
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)
LINK = re.compile(r"target_link_libraries\(ibkr_(\w+)([^)]*)\)")


def rooms_of(page):
    """{room: the rooms that it may include}, from the table of a page."""
    table = dict(ROW.findall((TOP / page).read_text(encoding="utf-8")))
    allowed = {}
    for room, may in table.items():
        others = set(table) if may == "all" else set(re.findall(r"\w+", may)) - {"nothing"}
        allowed[room] = others | {room, FOR_EVERYBODY}
    return allowed


def sources(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in {".h", ".cpp"})


def broken_includes(text, room, allowed, beside=()):
    """What of a file of this room it may not include, and quoted paths that do not begin with their room, unless they
    are names of files `beside` it."""
    broken = []
    for mark, path in INCLUDE.findall(text):
        first = path.split("/")[0]
        if first in allowed and "/" in path:
            if first not in allowed[room]:
                broken.append(f"includes {path}, but {room}/ may include only {', '.join(sorted(allowed[room]))}")
        elif mark == '"' and room != "tests" and path not in beside:
            broken.append(f'includes "{path}" without its room')
    return broken


class Rooms(unittest.TestCase):
    def setUp(self):
        self.allowed = rooms_of("ARCHITECTURE.md")
        self.assertIn("protocol", self.allowed)

    def test_every_folder_with_sources_is_a_room_of_the_table(self):
        """Without it: a new room stands outside the rules."""
        folders = {path.name for path in TOP.iterdir() if path.is_dir() and not path.name.startswith((".", "build"))}
        self.assertEqual([], sorted(f for f in folders - set(self.allowed) if sources(TOP / f)))

    def test_the_table_says_only_names_of_rooms(self):
        """Without it: a misspelled room allows nothing, or a stale one everything."""
        for room, may in self.allowed.items():
            self.assertTrue((TOP / room).is_dir(), f"{room}/ is in the table, but not in the tree")
            self.assertEqual(set(), may - set(self.allowed), f"{room}/ may include rooms that are not in the table")

    def test_includes(self):
        """Without it: protocol/ grows a socket, net/ a message, and neither can be used alone any more."""
        for room in self.allowed:
            for path in sources(TOP / room):
                broken = broken_includes(path.read_text(encoding="utf-8"), room, self.allowed)
                self.assertEqual([], broken, path.relative_to(TOP))

    def test_includes_of_generated_files(self):
        """Without it: what the generator writes may include what its room may not."""
        generated = sources(BUILD / "protocol" / "generated")
        self.assertTrue(generated, f"nothing is generated below {BUILD}; build first, or set IBKR_BUILD")
        names = {path.name for path in generated}
        for path in generated:
            broken = broken_includes(path.read_text(encoding="utf-8"), "protocol", self.allowed, names)
            self.assertEqual([], broken, path)

    def test_links(self):
        """Without it: a room links what it may not include, and the next include compiles."""
        for room in self.allowed:
            lists = TOP / room / "CMakeLists.txt"
            if room == "tests" or not lists.exists():
                continue
            for target, linked in LINK.findall(lists.read_text(encoding="utf-8")):
                self.assertEqual(room, target)
                names = set(re.findall(r"\bibkr_(\w+)", linked)) - {"flags"}
                self.assertEqual(set(), names - self.allowed[room], f"{lists.relative_to(TOP)} links too much")

    def test_contributing_says_the_same(self):
        """Without it: the two pages disagree, and people follow the wrong one."""
        self.assertEqual(self.allowed, rooms_of("CONTRIBUTING.md"))

    def test_the_check_sees_what_is_forbidden(self):
        """Without it: a check that passes everything looks like a tree in order."""
        allowed = {"base": {"base"}, "protocol": {"protocol", "base"}, "net": {"net", "base"}}
        text = '#include "protocol/frame.h"\n#  include <net/loop.h>\n#include <map>\n#include "../net/tcp.h"\n'
        self.assertEqual(2, len(broken_includes(text, "protocol", allowed)))
        self.assertEqual([], broken_includes('#include "base/expected.h"\n', "net", allowed))


if __name__ == "__main__":
    unittest.main()
