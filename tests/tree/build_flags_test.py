"""Configures the project as others do (Release, NDEBUG, somebody's CI) and looks at what the compiler is told."""

import json
import os
import pathlib
import shlex
import subprocess
import tempfile
import unittest

TOP = pathlib.Path(__file__).resolve().parents[2]
ASSERTS = "#include <cassert>\nint main(int count, char**) { assert(count == 0); }\n"


def compile_commands(folder, *options, **environment):
    """{source: the words of its compiler call} of a fresh configuration."""
    call = ["cmake", "-S", TOP, "-B", folder, "-G", "Ninja", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON", *options]
    outside = {k: v for k, v in os.environ.items() if k not in {"CI", "CXXFLAGS", "IBKR_WERROR"}}
    done = subprocess.run(call, env=outside | environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    listed = json.loads((pathlib.Path(folder) / "compile_commands.json").read_text())
    return {entry["file"]: shlex.split(entry["command"]) for entry in listed}


def assertion_holds(command, source, folder):
    """Compiles a false assertion with the flags of `source` and runs it. True when it ended the program."""
    probe, program = pathlib.Path(folder) / "probe.cpp", pathlib.Path(folder) / "probe"
    probe.write_text(ASSERTS)
    words = [word for word in command if word not in {source, "-c"}]
    at = words.index("-o")
    subprocess.run([*words[:at], *words[at + 2:], "-o", program, probe], check=True)
    return subprocess.run([program], stderr=subprocess.DEVNULL).returncode != 0


class BuildFlags(unittest.TestCase):
    def test_assertions_stay_on_in_a_release_build(self):
        """Without it: a wheel or a package goes on after a broken invariant, and records or replays nonsense."""
        with tempfile.TemporaryDirectory() as folder:
            commands = compile_commands(folder, "-DCMAKE_BUILD_TYPE=Release", CXXFLAGS="-DNDEBUG")
            for source, words in commands.items():
                last = [word for word in words if word in {"-DNDEBUG", "-UNDEBUG"}][-1]
                self.assertEqual("-UNDEBUG", last, source)
            source = str(TOP / "journal" / "writer.cpp")
            self.assertTrue(assertion_holds(commands[source], source, folder))
            self.assertFalse(assertion_holds([w for w in commands[source] if w != "-UNDEBUG"], source, folder))

    def test_warnings_are_errors_only_where_we_are_asked(self):
        """Without it: somebody's CI, with a newer compiler, cannot build us."""
        with tempfile.TemporaryDirectory() as folder:
            commands = compile_commands(folder, CI="true")
            self.assertEqual([], [source for source, words in commands.items() if "-Werror" in words])
            commands = compile_commands(folder, "-DIBKR_WERROR=ON")
            self.assertEqual([], [source for source, words in commands.items() if "-Werror" not in words])


if __name__ == "__main__":
    unittest.main()
