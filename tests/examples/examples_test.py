"""Without it: the first program that a reader of the documents builds does not run."""

import os
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
from harness import SECONDS, Server  # noqa: E402

EXAMPLES = Path(os.environ["IBKR_EXAMPLES"])


def run(name, *arguments):
    return subprocess.run([EXAMPLES / f"example_{name}", *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS)


class Examples(unittest.TestCase):
    def test_connect(self):
        for version in (100, 178, 226):
            with Server("mock", "--listen", "127.0.0.1:0", "--server-version", version) as mock:
                done = run("connect", mock.port)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(f"server version {version}, account DU1000001\nAAPL is APPLE INC\n", done.stdout)
            self.assertIn("DU1000001 holds ", done.stdout)

    def test_connect_without_a_server(self):
        with Server("mock", "--listen", "127.0.0.1:0") as mock:
            port = mock.port
        done = run("connect", port)
        self.assertEqual(done.returncode, 1)
        self.assertIn("refused", done.stderr)
        self.assertIn("Start TWS", done.stderr)


if __name__ == "__main__":
    unittest.main()
