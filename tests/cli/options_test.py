"""The command line: an option that loses to the wrong source, or a mistake without a way out, costs a user an evening."""

import re
import socket
import unittest

from harness import CANNOT_START, OK, USAGE, FakeTws, Server, TestCase, ibkr

COMMANDS = ("proxy", "replay", "mock", "sessions", "show", "decode", "encode", "describe", "errors")


class Help(TestCase):
    def test_every_command_and_option_is_told(self):
        overview = ibkr("--help")
        self.assertEqual(overview.returncode, OK)
        for command in COMMANDS:
            self.assertRegex(overview.stdout, rf"(?m)^  {command} +\w")
            told = ibkr(command, "--help")
            self.assertEqual(told.returncode, OK)
            options = re.findall(r"(?m)^  (--[a-z-]+)", told.stdout)
            for option in options:
                self.assertIn("IBKR_" + option[2:].upper().replace("-", "_"), told.stdout)

    def test_version(self):
        self.assertRegex(ibkr("--version").stdout, r"^ibkr \d+\.\d+\.\d+\n$")

    def test_slips_get_suggestions(self):
        self.assert_fails(ibkr("prxy"), USAGE, "prxy", "did you mean proxy?")
        self.assert_fails(ibkr("proxy", "--upstraem", "x"), USAGE, "--upstraem", "did you mean --upstream?")
        self.assert_fails(ibkr(), USAGE, "which command?", "ibkr --help")


class Precedence(TestCase):
    """Tells by --log-level's and --listen's effects which source won."""

    def setUp(self):
        super().setUp()
        self.config = self.folder / "ibkr.toml"
        self.journal = self.folder / "sessions.db"

    def listened_on(self, *arguments, env=None):
        """What --listen was, taken from the complaint about it."""
        result = ibkr(*arguments, env=env)
        self.assertEqual(result.returncode, USAGE, result.stderr)
        return re.search(r'--listen: bad address "([^"]*)"', result.stderr)[1]

    def test_command_line_then_environment_then_file(self):
        self.config.write_text('[proxy]\nlisten = "from-file"\n')
        given = ("--config", self.config, "proxy")
        both = {"IBKR_LISTEN": "from-environment"}
        self.assertEqual(self.listened_on(*given), "from-file")
        self.assertEqual(self.listened_on(*given, env=both), "from-environment")
        self.assertEqual(self.listened_on(*given, "--listen", "from-command-line", env=both), "from-command-line")
        self.assertEqual(self.listened_on("proxy", "--config", self.config), "from-file")
        self.assertEqual(self.listened_on("proxy", env={"IBKR_CONFIG": str(self.config)}), "from-file")

    def test_ini_and_flags(self):
        self.config.write_text("; an ini file\n[sessions]\njson=true\n")
        self.assert_fails(ibkr("--config", self.config, "sessions", self.journal), CANNOT_START, str(self.journal))

    def test_where_tws_is(self):
        with FakeTws([]) as tws:
            host, _, port = tws.address.rpartition(":")
            with Server("proxy", "--listen", "127.0.0.1:0", "--journal", self.journal, env={"IBKR_HOST": host, "IBKR_PORT": port}) as proxy:
                with socket.create_connection(("127.0.0.1", proxy.port)) as app:
                    app.sendall(b"API\0\0\0\0\x09v100..178")
                    self.assertIn(b"178\0", app.recv(100))
        self.assertIn(tws.address, proxy.log)

    def test_mistakes_in_the_file_are_named(self):
        self.config.write_text('[proxy]\nlistn = "127.0.0.1:0"\n')
        self.assert_fails(ibkr("--config", self.config, "proxy"), USAGE, "listn")
        self.assert_fails(ibkr("--config", self.folder / "none.toml", "proxy"), USAGE, "none.toml")
        self.assert_fails(ibkr("proxy", env={"IBKR_CONFIG": str(self.folder / "none.toml")}), USAGE, "none.toml")


if __name__ == "__main__":
    unittest.main()
