"""A journal whose app and TWS sent bytes that are not UTF-8, and frames that do not decode, in every SQLite reader."""

import contextlib
import json
import sqlite3

from harness import OK, FakeTws, Server, TestCase, frame, ibkr, run_app, text

LATIN = b"conexi\xf3n \xe1rea\x80 \xed\xa0\x80"  # Latin-1, a C1 control, and half a UTF-16 pair
HELLO = b"v100..178 +PACEAPI" + LATIN


def stray(*fields):
    """Fields of text, some of them bytes."""
    return b"".join((field if isinstance(field, bytes) else str(field).encode()) + b"\0" for field in fields)


ANSWERS = [
    stray(15, 1, b"DU1234567," + LATIN),
    stray(4, 2, -1, 2104, LATIN, LATIN),
    stray(3, 17, LATIN, 0, 100, 0.0, 4711, 0, 0.0, 7, LATIN, 0.0),
    stray(59, 1, b"0000e0d5." + LATIN + b".01.01", 1.0, LATIN, 2.0, 0.0, ""),
    stray(11, 9001, 17, 265598, LATIN, "STK", "", 0.0, "", "", LATIN, "USD", LATIN, LATIN, b"0000e0d5." + LATIN + b".01.01",
          b"20261127 " + LATIN, LATIN, LATIN, b"BOT", 100, 150.25, 4711, 7, 0, 100, 150.25, LATIN, "", "", LATIN, 1, 0),
    stray(999, LATIN),
    LATIN,
    stray(1, 6, 9001, LATIN, LATIN),
]
REQUESTS = [
    stray(1, 11, 9001, 0, LATIN, "STK", "", 0, "", "", LATIN, "USD", LATIN, "", 0, "", 0, 0, ""),
    stray(3, 17, 0, LATIN, "STK", "", 0, LATIN, "", LATIN, "", LATIN, LATIN, "", "", "", "BUY", "100", "LMT"),
]


class ForeignBytes(TestCase):
    """Without it: one localised error text, and every reader but ours stops at the row."""

    def setUp(self):
        super().setUp()
        self.journal = self.folder / "sessions.db"
        with FakeTws(ANSWERS, answer=stray(178, b"20261123 09:30:00 hora est\xe1ndar")) as tws:
            with Server("proxy", "--listen", "127.0.0.1:0", "--upstream", tws.address, "--journal", self.journal) as proxy:
                run_app(proxy.port, REQUESTS, len(ANSWERS), hello=HELLO)
        self.assertEqual(proxy.status, OK, proxy.log)
        self.database = sqlite3.connect(self.journal)
        self.addCleanup(self.database.close)

    def test_python_reads_every_table_and_view(self):
        names = [name for [name] in self.database.execute("select name from sqlite_master where type in ('table', 'view')")]
        self.assertGreaterEqual(len(names), 12)
        for name in names:
            self.database.execute(f"select * from {name}").fetchall()
        self.assertIn("conexión área", self.database.execute("select text from v_errors").fetchone()[0])
        zone, options = self.database.execute("select connection_time, connect_options from connection_sessions").fetchone()
        self.assertEqual(zone, "20261123 09:30:00 hora estándar")
        self.assertIn("conexión", options)

    def test_every_value_of_the_json_is_text(self):
        rows = self.database.execute("select count(*), sum(json_valid(fields)) from messages where fields is not null").fetchone()
        self.assertEqual(rows[0], rows[1])
        self.assertGreater(rows[0], len(ANSWERS))
        values = self.database.execute("select j.atom from messages m, json_tree(m.fields) j where j.type = 'text'").fetchall()
        self.assertGreater(len(values), 20)
        for [fields] in self.database.execute("select fields from messages where fields is not null"):
            fields.encode()  # no lone surrogates
            json.loads(fields)
            json.dumps(json.loads(fields), ensure_ascii=False).encode()

    def test_the_payload_keeps_the_bytes(self):
        contents = [content for [content] in self.database.execute("select message_content from messages")]
        for payload in [*REQUESTS, *ANSWERS]:
            self.assertIn(payload, contents)
        self.assertIn(b"API\0" + frame(HELLO), contents)

    def test_what_does_not_decode_has_name_ids_and_the_fields_before_the_fault(self):
        [(request_id, fields)] = self.database.execute("select request_id, fields from messages where message_type = 'TickPrice'")
        fields = json.loads(fields)
        self.assertEqual((request_id, fields["req_id"]), (9001, 9001))
        self.assertIn("tick_type", fields.pop("undecoded"))
        self.assertEqual(fields, {"req_id": 9001})
        undecoded = "select count(*) from messages where json_extract(fields, '$.undecoded') is not null"
        events = "select count(*) from events where kind = 'undecodable' and text not like 'unknown%'"
        self.assertGreaterEqual(self.database.execute(undecoded).fetchone()[0], 1)
        self.assertGreaterEqual(self.database.execute(events).fetchone()[0], 1)

    def test_our_own_commands_read_it(self):
        for command in ("sessions", "show"):
            for options in ([], ["--json"]):
                result = ibkr(command, self.journal, *options)
                self.assertEqual(result.returncode, OK, result.stderr)


class Handshakes(TestCase):
    def record(self, answer, frames=(text(9, 1, 1),)):
        journal = self.folder / "sessions.db"
        with FakeTws(frames, answer=answer) as tws:
            with Server("proxy", "--listen", "127.0.0.1:0", "--upstream", tws.address, "--journal", journal) as proxy:
                run_app(proxy.port, [], len(frames))
        [session] = map(json.loads, ibkr("sessions", journal, "--json").stdout.splitlines())
        shown = list(map(json.loads, ibkr("show", journal, "--json").stdout.splitlines()))
        return proxy, session, shown

    def test_answers_that_lack_a_nul_or_have_other_fields_decode_their_session(self):
        """Without it: a fake TWS that writes its answer a little otherwise leaves a session of unknown messages."""
        for answer in [b"178\x0020261123 09:30:00 EST", b"178\0", b"178", text(178, "20261123 09:30:00 EST", "more")]:
            with self.subTest(answer=answer):
                (self.folder / "sessions.db").unlink(missing_ok=True)
                _, session, shown = self.record(answer)
                self.assertEqual((session["server_version"], session["client_id"]), (178, 7))
                self.assertIn("NextValidId", [each["name"] for each in shown])

    def test_a_redirect_is_named_loudly(self):
        """Without it: the app goes past the proxy, and nothing says why the journal stays empty."""
        proxy, session, _ = self.record(text(-1, "gw.example:4001"))
        self.assertIn("gw.example:4001", proxy.log)
        self.assertIn("--upstream", proxy.log)
        self.assertEqual(session["server_version"], 0)
        with contextlib.closing(sqlite3.connect(self.folder / "sessions.db")) as database:
            [(kind, told)] = database.execute("select kind, text from events where kind = 'redirect'")
            self.assertIn("gw.example:4001", told)
            self.assertEqual(database.execute("select server_version from connection_sessions").fetchone(), (None,))
