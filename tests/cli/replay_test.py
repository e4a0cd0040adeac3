"""The exit statuses of `ibkr replay`, each provoked by a real run. Broken, CI is green although the program did not do what it
had done, or red without a reason that can be told apart."""

import json
import shutil
import socket
import sqlite3
import unittest

from harness import (CANNOT_START, OK, USAGE, Server, TestCase, frame, ibkr, read_frame, record, run_app, text)

MISMATCH, UNUSED, INCOMPLETE, NOTHING_SERVED, DAMAGED = 1, 4, 5, 6, 7

QUOTES = text(1, 11, 9001, 0, "AAPL", "STK", "", 0, "", "", "SMART", "", "USD", "", "", 0, "", 0, 0, "")
TIME = text(49, 1)
START = [text(15, 1, "DU1234567"), text(9, 1, 1)]
ANSWERS = [*START, text(1, 6, 9001, 1, "150.25", "100", 0), text(49, 1, 1700000000)]


def order(order_id, price):
    said = {"name": "PlaceOrderRequest", "wire": "text", "fields": {
        "order_id": order_id, "contract": {"symbol": "AAPL", "sec_type": "STK", "exchange": "SMART", "currency": "USD"},
        "order": {"action": "BUY", "total_quantity": 10, "order_type": "LMT", "lmt_price": price, "tif": "DAY"}}}
    done = ibkr("encode", "--direction", "out", "--server-version", 178, stdin=json.dumps(said))
    return bytes.fromhex(done.stdout.strip())


class Statuses(TestCase):
    def setUp(self):
        super().setUp()
        self.journal = self.folder / "sessions.db"

    def record(self, requests=(QUOTES, TIME), answers=tuple(ANSWERS)):
        record(self.journal, requests=list(requests), answers=list(answers))

    def replay(self, *options):
        return Server("replay", self.journal, "--speed", "max", "--listen", "127.0.0.1:0", *options)

    def status_after(self, requests, answers, *options):
        """Of a replay to an app that makes these requests and reads so many frames."""
        with self.replay(*options) as replay:
            run_app(replay.port, requests, answers)
            replay.wait()
        return replay

    def change(self, sql):
        database = sqlite3.connect(self.journal)
        database.executescript(sql)
        database.close()

    def test_clean(self):
        self.record()
        replay = self.status_after([QUOTES, TIME], 4, "--strict")
        self.assertEqual(replay.status, OK, replay.log)
        self.assertIn("verdict: clean", replay.log)

    def test_mismatch(self):
        self.record()
        replay = self.status_after([QUOTES.replace(b"AAPL", b"MSFT"), TIME], 4)
        self.assertEqual(replay.status, MISMATCH, replay.log)
        self.assertIn("contract.symbol: recorded AAPL, live MSFT", replay.log)

    def test_one_connection_too_many_is_a_mismatch(self):
        self.record()
        with self.replay() as replay:
            with socket.create_connection(("127.0.0.1", replay.port)) as first, first.makefile("rb") as stream:
                first.sendall(b"API\0" + frame(b"v100..178") + frame(text(71, 2, 7, "")))
                [read_frame(stream) for _ in range(3)]
                received = run_app(replay.port, [], 1)
            replay.wait()
        self.assertEqual(replay.status, MISMATCH, replay.log)
        self.assertIn(b"every recorded session has been served", received[1])

    def test_an_app_in_its_handshake_when_all_is_served_is_told(self):
        self.record()
        with self.replay() as replay:
            with socket.create_connection(("127.0.0.1", replay.port)) as late, late.makefile("rb") as stream:
                late.sendall(b"API\0" + frame(b"v100..178"))
                read_frame(stream)
                run_app(replay.port, [QUOTES, TIME], 4)
                late.sendall(frame(text(71, 2, 7, "")))
                self.assertIn(b"every recorded session has been served", read_frame(stream))
            replay.wait()
        self.assertEqual(replay.status, MISMATCH, replay.log)
        self.assertIn("verdict: mismatch: 1 connection was turned away\n", replay.log)

    def test_a_recording_that_a_crash_left_is_served_and_named(self):
        self.record()
        self.change("UPDATE connection_sessions SET status = 'active', end_time = NULL, end_reason = NULL;")
        replay = self.status_after([QUOTES, TIME], 4)
        self.assertEqual(replay.status, OK, replay.log)
        self.assertIn("session 1 has no end", replay.log)

    def test_unused(self):
        self.record(requests=[QUOTES, TIME, order(1, 100)])
        self.assertEqual(self.status_after([QUOTES, TIME, order(1, 100)], 4).status, OK)
        replay = self.status_after([QUOTES, TIME], 4)
        self.assertEqual(replay.status, UNUSED, replay.log)
        self.assertIn("PlaceOrderRequest", replay.log)
        self.assertEqual(self.status_after([TIME, order(1, 100)], 3).status, OK)
        self.assertEqual(self.status_after([TIME, order(1, 100)], 3, "--strict").status, UNUSED)
        self.assertEqual(self.status_after([QUOTES, TIME, order(1, 100.01)], 5).status, MISMATCH)

    def test_incomplete(self):
        self.record()
        with self.replay() as replay:
            with socket.create_connection(("127.0.0.1", replay.port)) as app, app.makefile("rb") as stream:
                app.sendall(b"API\0" + frame(b"v100..178") + frame(text(71, 2, 7, "")) + frame(TIME))
                [read_frame(stream) for _ in range(4)]
                app.sendall(frame(QUOTES)[:9])
            replay.wait()
        self.assertEqual(replay.status, INCOMPLETE, replay.log)
        self.assertIn("in the middle of a frame", replay.log)

    def test_a_session_that_nobody_came_for_is_incomplete(self):
        for _ in range(2):
            self.record()
        with self.replay("--session", "all") as replay:
            run_app(replay.port, [QUOTES, TIME], 4)
        self.assertEqual(replay.status, INCOMPLETE, replay.log)
        self.assertIn("session 2 was not served", replay.log)
        self.assertEqual(self.status_after([QUOTES, TIME], 4).status, OK)  # the last run alone

    def test_nothing_served(self):
        self.record()
        with self.replay() as replay:
            pass
        self.assertEqual(replay.status, NOTHING_SERVED, replay.log)
        self.assertIn("no request was served", replay.log)
        self.assertEqual(self.status_after([], 2).status, NOTHING_SERVED)

    def test_probes_do_not_count(self):
        self.record()
        with self.replay() as replay:
            for said in (b"", b"GET / HTTP/1.1\r\n\r\n", b"API\0" + frame(b"v100..178")):
                with socket.create_connection(("127.0.0.1", replay.port)) as probe:
                    probe.sendall(said)
            run_app(replay.port, [QUOTES, TIME], 4)
            replay.wait()
        self.assertEqual(replay.status, OK, replay.log)

    def test_a_stopped_replay_has_its_verdict(self):
        self.record()
        with self.replay("--repeat") as replay:
            for _ in range(2):
                run_app(replay.port, [QUOTES, TIME], 4)
        self.assertEqual(replay.status, OK, replay.log)

    def test_a_stop_behind_the_verdict_changes_nothing(self):
        self.record()
        with self.replay() as replay:
            run_app(replay.port, [QUOTES, TIME], 4)
            replay.read_log_to("verdict: clean")
        self.assertEqual(replay.status, OK)

    def test_damaged(self):
        self.record()
        good = self.folder / "good.db"
        shutil.copy(self.journal, good)
        for sql, said in (("delete from messages where message_type = 'TickPrice'", "missing"),
                          ("delete from messages where message_type = 'HelloAnswer'", "answer to the hello"),
                          ("update messages set message_content = zeroblob(17000000) where message_type = 'TickPrice'", "17000000 bytes"),
                          ("update messages set message_content = x'3100' where message_type = 'TickPrice'", "cannot be decoded"),
                          ("insert into events(session_id, timestamp, mono_ns, kind, message_id, text, count, bytes, first_message_id,"
                           " last_message_id) values (1, 0, 0, 'gap', 1, 'lost', 3, 30, 100, 102)", "3 frames")):
            with self.subTest(sql):
                shutil.copy(good, self.journal)
                self.change(sql)
                done = ibkr("replay", self.journal, "--listen", "127.0.0.1:0")
                self.assertEqual(done.returncode, DAMAGED, done.stderr)
                self.assertIn(said, done.stderr)
                self.assertNotIn("DU1234567", done.stderr)
                self.assertEqual(done.stdout, "")
        replay = self.status_after([TIME], 3, "--even-damaged")
        self.assertEqual(replay.status, DAMAGED, replay.log)
        self.assertRegex(replay.log, r"verdict: recording damaged: .* Apart from that: (clean|incomplete|unused)")

    def test_a_damaged_file_never_aborts_and_never_passes(self):
        self.record(answers=[*ANSWERS, *(text(9, 1, n) for n in range(3000))])
        good = self.journal.read_bytes()
        with socket.create_server(("127.0.0.1", 0)) as taken:  # what would be served ends there
            for at in range(100, len(good), len(good) // 12):
                with self.subTest(at=at):
                    self.journal.write_bytes(good[:at] + bytes([good[at] ^ 0xFF] * 4000) + good[at + 4000:])
                    done = ibkr("replay", self.journal, "--listen", "127.0.0.1:%d" % taken.getsockname()[1])
                    self.assertIn(done.returncode, (CANNOT_START, DAMAGED), done.stderr)

    def test_a_file_whose_tables_are_gone_says_what_to_do(self):
        self.record()
        self.journal.write_bytes(self.journal.read_bytes()[:4096])
        done = ibkr("replay", self.journal, "--listen", "127.0.0.1:0")
        self.assertEqual(done.returncode, DAMAGED, done.stderr)
        self.assertIn("the file is damaged", done.stderr)
        self.assertIn("record it again", done.stderr)

    def test_usage(self):
        self.record()
        for wrong in ("some", "0", "1,", ""):
            self.assert_fails(ibkr("replay", self.journal, f"--session={wrong}"), USAGE, "--session")


if __name__ == "__main__":
    unittest.main()
