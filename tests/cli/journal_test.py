"""proxy, sessions, show: what was recorded must be readable, and whatever is in the way must be said in one line."""

import contextlib
import json
import shutil
import signal
import socket
import sqlite3
import unittest

from harness import ANSWERS, CANNOT_START, FOUND_WRONG, OK, USAGE, Server, TestCase, follow, ibkr, record, run_app, text


class Recorded(TestCase):
    def setUp(self):
        super().setUp()
        self.journal = self.folder / "sessions.db"
        self.proxy = record(self.journal)

    def show(self, *options):
        result = ibkr("show", self.journal, *options)
        self.assertEqual(result.returncode, OK, result.stderr)
        return result.stdout.splitlines()

    def test_proxy_seals_and_ends_well(self):
        self.assertEqual(self.proxy.status, OK, self.proxy.log)
        [session] = map(json.loads, ibkr("sessions", self.journal, "--json").stdout.splitlines())
        self.assertEqual((session["status"], session["sealed"], session["server_version"], session["client_id"]),
                         ("closed", True, 178, 7), session)
        head, row = ibkr("sessions", self.journal).stdout.splitlines()
        self.assertIn("v100..178", row)
        self.assertIn("closed", row)

    def test_a_terminal_that_closes_ends_the_proxy_cleanly(self):
        """Without it: an ssh connection that breaks leaves a recording as a crash does."""
        journal = self.folder / "hangup.db"
        with Server("proxy", "--listen", "127.0.0.1:0", "--journal", journal) as proxy:
            proxy.stop(signal.SIGHUP)
        self.assertEqual(proxy.status, OK, proxy.log)
        self.assertFalse((self.folder / "hangup.db-wal").exists())

    def test_one_line_a_frame(self):
        lines = self.show()
        self.assertRegex(lines[0], r"^# session 1 from ")
        request = next(line for line in lines if "MarketDataRequest" in line)
        self.assertRegex(request, r"^\d\d:\d\d:\d\d\.\d{3} → MarketDataRequest +req_id=9001 symbol=AAPL sec_type=STK")
        tick = next(line for line in lines if "TickPrice" in line)
        self.assertRegex(tick, r" ← TickPrice +req_id=9001 .*price=150\.25 size=100")
        broken = next(line for line in lines if "! OrderStatus" in line)
        self.assertIn(text(3, "not an id").hex(), broken)
        self.assertTrue(any("Unknown:999" in line and "unknown message id 999" in line for line in lines))

    def test_a_new_day_has_its_date(self):
        with contextlib.closing(sqlite3.connect(self.journal)) as database, database:
            noon = 1793620800 * 10**9  # 2026-11-02 12:00 UTC
            database.execute("update messages set timestamp = ? + message_id / 4 * 86400000000000", (noon,))
            database.execute("update connection_sessions set start_time = ?", (noon,))
        lines = self.show()
        self.assertIn("2026-11-02T", lines[0])
        self.assertEqual([line for line in lines[1:] if line.startswith("#")][:2], ["# 2026-11-03", "# 2026-11-04"])
        self.assertEqual(lines.count("# 2026-11-03"), 1)

    def test_hostile_texts_stay_in_their_line(self):
        journal = self.folder / "hostile.db"
        record(journal, answers=[text(4, 2, 9001, 201, "\x1b[2J\x9b\u202e\nforged"), text(3, "\x1b[2J")])
        for shown in (ibkr("show", journal), ibkr("show", journal, "--json"), ibkr("sessions", journal)):
            self.assertNotRegex(shown.stdout, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
            self.assertFalse(any(line.startswith("forged") for line in shown.stdout.splitlines()))

    def test_filters(self):
        for name in ("TickPrice", "TICK_PRICE", "tickPrice"):
            self.assertEqual(len(self.show("--type", name)), 2, name)
        self.assertEqual(len(self.show("--type", "TickPrice,reqMktData")), 3)
        self.assertTrue(all("←" not in line for line in self.show("--direction", "out")))
        self.assertTrue(any("No security definition" in line for line in self.show("--errors")))
        self.assertFalse(any("TickPrice" in line for line in self.show("--errors")))
        self.assertTrue(all(len(line) <= 60 for line in self.show("--width", 60)[1:]))
        self.assertTrue("".join(self.show("--ascii")).isascii())
        self.assert_fails(ibkr("show", self.journal, "--type", "TickPrise"), USAGE, "TickPrise", "did you mean TickPrice")

    def test_json_goes_back_into_encode(self):
        frames = list(map(json.loads, self.show("--json")))
        tick = next(frame for frame in frames if frame.get("name") == "TickPrice")
        self.assertEqual((tick["session"], tick["direction"], tick["fields"]["price"]), (1, "in", 150.25))
        encoded = ibkr("encode", "--direction", "in", "--server-version", 178, stdin=json.dumps(tick))
        self.assertEqual(encoded.stdout.strip(), text(1, 6, 9001, 1, "150.25", "100", 0).hex())
        self.assertEqual([frame["sequence"] for frame in frames if "name" in frame],
                         sorted(frame["sequence"] for frame in frames if "name" in frame))

    def test_without_json_column(self):
        bare = self.folder / "bare.db"
        record(bare, "--no-json")
        self.assertEqual(sqlite3.connect(bare).execute("select count(fields) from messages").fetchone(), (0,))
        shown = ibkr("show", bare).stdout
        self.assertIn("price=150.25", shown)

    def test_follow_ends_with_its_session(self):
        self.assertEqual(self.show("--follow", "--session", 1), self.show("--session", 1))


class Live(TestCase):
    def test_follow_shows_what_comes_and_replay_serves_it(self):
        journal = self.folder / "sessions.db"
        request = [text(49, 1)]
        with Server("mock", "--listen", "127.0.0.1:0", "--server-version", 178) as mock:
            upstream = f"127.0.0.1:{mock.port}"
            with Server("proxy", "--listen", "127.0.0.1:0", "--upstream", upstream, "--journal", journal) as proxy:
                recorded = run_app(proxy.port, request, 6)
                with follow(journal) as lines:
                    self.assertTrue(any("CurrentTime " in line for line in iter(lines.readline, "")))
                    run_app(proxy.port, request, 6)
                    self.assertTrue(any(line.startswith("# session 2 ") for line in iter(lines.readline, "")))
        with Server("replay", journal, "--session", 1, "--speed", "max", "--listen", "127.0.0.1:0") as replay:
            self.assertEqual(run_app(replay.port, request, 6), recorded)
            replay.wait()  # it ends with its one connection
        self.assertEqual((mock.status, proxy.status, replay.status), (OK, OK, OK), replay.log)


class Trouble(TestCase):
    def setUp(self):
        super().setUp()
        self.journal = self.folder / "sessions.db"

    def test_files_that_are_no_journals(self):
        text_file = self.folder / "notes.txt"
        text_file.write_text("not a database\n" * 100)
        other = self.folder / "other.db"
        sqlite3.connect(other).execute("create table t(x)").connection.commit()
        for command in (["sessions"], ["show"], ["replay", "--listen", "127.0.0.1:0"]):
            self.assert_fails(ibkr(*command, text_file), CANNOT_START, "not an ibkr journal", "notes.txt")
            self.assert_fails(ibkr(*command, other), CANNOT_START, "not an ibkr journal", "other.db")
            self.assert_fails(ibkr(*command, self.folder / "none.db"), CANNOT_START, "none.db")
        self.assert_fails(ibkr("proxy", "--listen", "127.0.0.1:0", "--journal", other), CANNOT_START, "other.db")

    def test_newer_journal(self):
        record(self.journal)
        database = sqlite3.connect(self.journal)
        database.execute("pragma user_version = 1000")
        database.close()
        for command in (["sessions"], ["show"], ["replay", "--listen", "127.0.0.1:0"]):
            self.assert_fails(ibkr(*command, self.journal), CANNOT_START, "newer")

    def test_missing_session(self):
        record(self.journal)
        self.assert_fails(ibkr("show", self.journal, "--session", 9), CANNOT_START, "session 9", "it has 1")
        self.assert_fails(ibkr("replay", self.journal, "--session", 9, "--listen", "127.0.0.1:0"), CANNOT_START, "9")

    def test_port_in_use_and_bad_addresses(self):
        record(self.journal, answers=ANSWERS[:4])
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            for command in (["proxy", "--journal", self.folder / "new.db"], ["replay", self.journal], ["mock"]):
                self.assert_fails(ibkr(*command, "--listen", address), CANNOT_START, address, "in use")
                self.assert_fails(ibkr(*command, "--listen", "7500"), USAGE, "--listen", "HOST:PORT")
        self.assert_fails(ibkr("proxy", "--upstream", "tws"), USAGE, "--upstream", "HOST:PORT")
        self.assert_fails(ibkr("replay", self.journal, "--speed", "fast"), USAGE, "--speed", "fast")

    def test_upstream_that_refuses(self):
        with socket.create_server(("127.0.0.1", 0)) as was:
            nobody = "127.0.0.1:%d" % was.getsockname()[1]
        with Server("proxy", "--listen", "127.0.0.1:0", "--upstream", nobody, "--journal", self.journal) as proxy:
            with socket.create_connection(("127.0.0.1", proxy.port)) as app:
                self.assertEqual(app.recv(1), b"")
        self.assertEqual(proxy.status, OK)
        self.assertIn(nobody, proxy.log)
        self.assertIn("refused", ibkr("sessions", self.journal).stdout)

    def test_damage_is_told_and_the_rest_shown(self):
        record(self.journal, answers=[text(9, 1, n) for n in range(3000)])
        damaged = self.folder / "damaged.db"
        shutil.copy(self.journal, damaged)
        size = damaged.stat().st_size
        with damaged.open("r+b") as file:
            file.seek(size // 2)
            file.write(b"\xff" * 16384)
        result = ibkr("show", damaged, "--type", "NextValidId")
        self.assertIn(result.returncode, (FOUND_WRONG, CANNOT_START))
        self.assertNotIn("terminate called", result.stderr)


if __name__ == "__main__":
    unittest.main()
