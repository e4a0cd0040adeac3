#!/usr/bin/env python3
"""Whoever writes a message wrongly must be told file, line and reason, instead of getting a wrong decoder or a traceback.

Each file of bad/ is wrong in one way; its first line, "# expect: REGEX", is what the generator says after the file's
name. Run by ctest.
"""

import contextlib
import io
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]
MESSAGES = ROOT / "protocol" / "messages"
GENERATOR = ROOT / "scripts" / "generate_protocol.py"
BAD = sorted((ROOT / "tests" / "protocol" / "bad").glob("*.tws"))

sys.path.insert(0, str(GENERATOR.parent))
import generate_protocol  # noqa: E402  (found by the line above)


def generate(*files):
    """Status, stderr and the names of the files made, without the cost of a process."""
    with tempfile.TemporaryDirectory() as out, contextlib.redirect_stderr(io.StringIO()) as errors:
        with mock.patch.object(sys, "argv", [str(GENERATOR), "--out", out, *map(str, files)]):
            status = generate_protocol.main()
        return status, errors.getvalue(), {path.name for path in Path(out).rglob("*") if path.is_file()}


class Descriptions(unittest.TestCase):
    def test_ours_generates(self):
        status, errors, made = generate(*MESSAGES.glob("*.tws"))
        self.assertEqual((status, errors), (0, ""))
        self.assertEqual(made, {"answers.h", "messages.h", "tables.h", "structs.cpp", "layouts.cpp", "catalogue.cpp"})

    def test_program_says_what_is_wrong_and_fails(self):
        with tempfile.TemporaryDirectory() as out:
            command = [sys.executable, GENERATOR, "--out", out, BAD[0]]
            run = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertRegex(run.stderr, f"\\A{re.escape(BAD[0].name)}:[^\n]*\n\\Z")

    def test_examples_of_the_manual_generate(self):
        """What LANGUAGE.md shows is accepted as it stands; its names are changed, for the real messages are there too."""
        blocks, block = [], []
        for line in (MESSAGES / "LANGUAGE.md").read_text(encoding="utf-8").splitlines():
            if block or line.startswith("    message "):
                block.append(line)
            if line == "    end":
                blocks.append("\n".join(block))
                block = []
        self.assertEqual(len(blocks), 2)
        with tempfile.TemporaryDirectory() as directory:
            example = Path(directory) / "example.tws"
            example.write_text("\n".join(blocks).replace("OrderStatus in 3", "Example in 199").replace(
                "ORDER_STATUS", "EXAMPLE"), encoding="utf-8")
            self.assertEqual(generate(example, *MESSAGES.glob("*.tws"))[:2], (0, ""))

    def test_advice_names_what_exists(self):
        """A field or message that `ibkr errors` sends people to can be looked up."""
        described = "\n".join(path.read_text(encoding="utf-8") for path in MESSAGES.glob("*.tws") if path.stem != "errors")
        known = set(re.findall(r"(?m)^ +(?:\d+|-) (\w+) |^(?:message|struct|enum) (\w+) ", described))
        known = {name for pair in known for name in pair}
        for advice in re.findall(r'advice "(.*)"', (MESSAGES / "errors.tws").read_text(encoding="utf-8")):
            for name in re.findall(r"\b[a-z0-9]+_[a-z0-9_]+\b|\b[A-Z][a-z]+[A-Z]\w+Request\b", advice):
                self.assertIn(name, known, advice)

    def test_bad_ones_are_refused_with_one_line(self):
        self.assertGreater(len(BAD), 30)
        for path in BAD:
            with self.subTest(path.name):
                expected = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# expect: ")
                status, errors, made = generate(path)
                self.assertEqual(status, 1, errors)
                self.assertRegex(errors, f"\\A{re.escape(path.name)}{expected}\n\\Z")
                self.assertEqual(made, set())

    def test_unreadable_files_are_refused_with_one_line(self):
        with tempfile.TemporaryDirectory() as directory:
            latin = Path(directory) / "latin.tws"
            latin.write_bytes(b'struct Part "Gr\xf6\xdfe."\nend\n')
            for path in (latin, Path(directory) / "missing.tws"):
                status, errors, _ = generate(path)
                self.assertEqual(status, 1)
                self.assertRegex(errors, f"\\A{path.name}:1: cannot be read: .*\n\\Z")


if __name__ == "__main__":
    unittest.main()
