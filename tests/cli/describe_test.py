"""describe and errors: a lookup that misses a name people use, or says something else than the codec does, sends them
back to reading client sources."""

import json
import unittest

from harness import FOUND_WRONG, OK, USAGE, TestCase, ibkr, text


def described(*arguments):
    """The JSON objects of one call."""
    told = ibkr("describe", "--json", *arguments)
    assert told.returncode == OK, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]


class Describe(TestCase):
    def test_any_name_finds_the_message(self):
        for name in ("MarketDataRequest", "REQ_MKT_DATA", "reqMktData", "marketdatarequest"):
            self.assertEqual([one["name"] for one in described(name)], ["MarketDataRequest"], name)
        self.assertEqual([one["name"] for one in described("tickPrice", "ERR_MSG")], ["TickPrice", "ErrorMessage"])

    def test_every_id_of_both_directions(self):
        known = {"in": {*range(1, 22), *range(45, 48), *range(49, 60), *range(61, 112)},
                 "out": {*range(1, 26), *range(49, 60), *range(61, 110)}}
        for direction, ids in known.items():
            every = described(f"--{direction}")
            self.assertEqual(ids - {one["id"] for one in every}, set())
            for one in every:
                [found] = described("--id", one["id"], f"--{direction}")
                self.assertEqual(found["name"], one["name"])
                if "protobuf_id" in one:
                    self.assertEqual(described("--id", one["protobuf_id"], f"--{direction}"), [found])
        self.assertEqual([one["direction"] for one in described("--id", 1)], ["in", "out"])

    def test_people_are_told_all_of_it(self):
        told = ibkr("describe", "reqHistoricalData").stdout
        for phrase in ("message to TWS, id 20, 220 as protobuf", "REQ_HISTORICAL_DATA", "text 100..207, protobuf from 208 on",
                       "HistoricalDataEnd", "CancelHistoricalData", "keep_up_to_date", "BarSize", "request_id"):
            self.assertIn(phrase, told)
        self.assertRegex(ibkr("describe", "CancelHistoricalData").stdout, r"confirmed by +error 162\n +refused by +error 366\n")
        self.assertRegex(ibkr("describe", "TickType").stdout, r"(?m)^ +4  last +\w")
        self.assertRegex(ibkr("describe", "SecType").stdout, r'(?m)^ +"BAG"  \w')
        self.assertIn("part of messages", ibkr("describe", "ComboLeg").stdout)

    def test_ends_tell_when(self):
        [told] = described("reqHistoricalData")
        self.assertEqual(told["ends"][1:], [
            {"answer": "HistoricalDataEnd", "since": 196, "if": 'what_to_show != "SCHEDULE" and keep_up_to_date == 0'},
            {"answer": "HistoricalSchedule", "if": 'what_to_show == "SCHEDULE"'}])
        self.assertEqual(described("reqExecutions")[0]["ends"], [{"answer": "ExecutionDetailsEnd"}])
        self.assertRegex(ibkr("describe", "reqHistoricalData").stdout,
                         r'ended by +HistoricalData up to 195, if .*\n +HistoricalDataEnd from 196 on, if .*\n'
                         r' +HistoricalSchedule, if what_to_show == "SCHEDULE"\n')
        self.assertRegex(ibkr("describe", "placeOrder").stdout, r"first batch +OpenOrder, if order\.what_if == 1\n")
        self.assertRegex(ibkr("describe", "VerifyRequest").stdout, r"ended by +VerifyMessageApi, VerifyCompleted\n")

    def test_layout_is_what_encode_writes(self):
        [told] = described("TickPrice", "--server-version", 178)
        at = {step["index"]: step["what"] for step in told["layout"]["steps"] if "index" in step}
        line = '{"name":"TickPrice","fields":{"req_id":9001,"tick_type":4,"price":150.25}}'
        encoded = bytes.fromhex(ibkr("encode", "--direction", "in", "--server-version", 178, stdin=line).stdout)
        self.assertTrue(encoded.startswith(text(1, 6, 9001, 4, "150.25")))
        self.assertEqual([at[i] for i in range(5)], ["1", "6", "req_id", "tick_type", "price"])

    def test_layout_follows_the_version(self):
        def steps(version):
            return [step["what"] for step in described("ErrorMessage", "--server-version", version)[0]["layout"]["steps"]]
        self.assertEqual(steps(165), ["4", "2", "id", "error_code", "error_msg"])
        self.assertEqual(steps(194), ["4", "id", "error_code", "error_msg", "advanced_order_reject_json", "error_time"])
        self.assertIn("id 204 as 4 raw bytes", ibkr("describe", "ErrorMessage", "--server-version", 203).stdout)
        self.assertIn("not known at server version 100", ibkr("describe", "UserInfo", "--server-version", 100).stdout)

    def test_index(self):
        listed = ibkr("describe").stdout.splitlines()
        self.assertEqual(len(listed), len(described()))
        self.assertRegex(listed[0], r"^in +1  TickPrice +A price")
        self.assertEqual(ibkr("describe", "--out").stdout.splitlines(), [line for line in listed if line.startswith("out ")])

    def test_slips_get_suggestions(self):
        self.assert_fails(ibkr("describe", "TickPrize"), USAGE, "TickPrize", "did you mean TickPrice")
        self.assert_fails(ibkr("describe", "TickPrice", "--out"), USAGE, "no TickPrice to TWS")
        self.assert_fails(ibkr("describe", "--id", 199), USAGE, "199")


class Errors(TestCase):
    def test_codes(self):
        told = ibkr("errors", 10197, 300)
        self.assertEqual(told.returncode, OK)
        for phrase in ("10197: Another session", "market data", "ends", "CancelTickByTick"):
            self.assertIn(phrase, told.stdout)

    def test_whole_table(self):
        rows = ibkr("errors").stdout.splitlines()
        every = [json.loads(line) for line in ibkr("errors", "--json").stdout.splitlines()]
        self.assertEqual([int(row.split()[0]) for row in rows], [one["code"] for one in every])
        self.assertEqual(sorted(one["code"] for one in every), [one["code"] for one in every])
        effects = {one["code"]: one["effect"] for one in every}
        self.assertEqual([effects[code] for code in (200, 2104, 10167, 399)], ["ends", "notice", "warning", "either"])

    def test_unknown_code(self):
        self.assert_fails(ibkr("errors", 77777), FOUND_WRONG, "77777", "ibkr errors")
        self.assert_fails(ibkr("errors", "many"), USAGE, "many")


if __name__ == "__main__":
    unittest.main()
