"""ibkr mock: a bad day that is not what was written, or that never came and nobody says so, makes a test that tests nothing."""

import socket
import unittest

from harness import FOUND_WRONG, OK, USAGE, Server, TestCase, frame, ibkr, read_frame, text


class Faults(TestCase):
    def mock(self, *arguments):
        return Server("mock", "--listen", "127.0.0.1:0", *arguments)

    def frames_until_the_end(self, mock):
        with socket.create_connection(("127.0.0.1", mock.port)) as app, app.makefile("rb") as stream:
            app.sendall(b"API\0" + frame(b"v100..178"))
            received = [read_frame(stream)]
            app.sendall(frame(text(71, 2, 7, "")))
            return received + list(iter(lambda: read_frame(stream), None))

    def test_the_list_has_every_fault_and_each_is_taken(self):
        listed = ibkr("mock", "--list-faults")
        self.assertEqual(listed.returncode, OK)
        for name in ("cut fin", "cut rst", "cut torn", "stall", "slow handshake", "326", "nightly reset", "1100", "1101", "1102",
                     "data farm broken", "history farm broken", "pacing", "delayed data", "reject", "partial fills",
                     "statuses twice", "statuses regress", "statuses missing", "executions first", "commissions late",
                     "commissions never"):
            self.assertRegex(listed.stdout, rf"(?m)^  {name}\b")

    def test_from_the_command_line_and_a_script(self):
        script = self.folder / "night.txt"
        script.write_text("# a short night\ncut fin after 3 frames\n")
        for arguments in (("--fault", "cut fin after 3 frames"), ("--fault-script", script)):
            with self.mock(*arguments) as mock:
                self.assertEqual(len(self.frames_until_the_end(mock)), 3)
            self.assertEqual(mock.status, OK, mock.log)

    def test_what_never_came_about_is_said_and_fails(self):
        with self.mock("--fault", "cut fin after 4 frames", "--fault", "1102 at 9h", "--fault", "reject next order: no") as mock:
            self.frames_until_the_end(mock)
        self.assertEqual(mock.status, FOUND_WRONG)
        self.assertIn("fault never came about: 1102 at 9h: has never begun", mock.log)
        self.assertIn("fault never came about: reject next order: no: has begun and met nothing", mock.log)
        self.assertNotIn("never came about: cut", mock.log)

    def test_mistakes(self):
        self.assert_fails(ibkr("mock", "--fault", "cut rts after 4 frames"), USAGE, "--fault", "cut rts", "cut rst")
        self.assert_fails(ibkr("mock", "--fault", "cut rst afer 4 frames"), USAGE, '"afer"', '"after"')
        script = self.folder / "night.txt"
        script.write_text("1100 at 5s\n\n1102 at noon\n")
        self.assert_fails(ibkr("mock", "--fault-script", script), USAGE, "night.txt:3: ", '"noon"')
        self.assert_fails(ibkr("mock", "--fault-script", self.folder / "none.txt"), USAGE, "none.txt")


if __name__ == "__main__":
    unittest.main()
