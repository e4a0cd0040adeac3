"""describe and errors: a lookup that misses a name people use, or says something else than the codec does, sends them
back to reading client sources."""

import json
import re
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
            {"answer": "HistoricalData", "batch": True, "then": ["HistoricalDataUpdate"], "until": 196,
             "if": 'what_to_show != "SCHEDULE" and keep_up_to_date == 1'},
            {"answer": "HistoricalDataEnd", "batch": True, "then": ["HistoricalDataUpdate"], "since": 196,
             "if": 'what_to_show != "SCHEDULE" and keep_up_to_date == 1'},
            {"answer": "HistoricalSchedule", "if": 'what_to_show == "SCHEDULE"'}])
        self.assertEqual(described("reqExecutions")[0]["ends"], [{"answer": "ExecutionDetailsEnd"}])
        self.assertRegex(ibkr("describe", "reqHistoricalData").stdout,
                         r'ended by +HistoricalData up to 195, if .*\n +HistoricalDataEnd from 196 on, if .*\n'
                         r' +HistoricalSchedule, if what_to_show == "SCHEDULE"\n')
        self.assertRegex(ibkr("describe", "reqHistoricalData").stdout,
                         r"first batch +HistoricalData up to 195, then HistoricalDataUpdate, if .*\n")
        self.assertRegex(ibkr("describe", "placeOrder").stdout,
                         r"ended by +OpenOrder, if order\.what_if == 1\n +OrderStatus, if answer\.status in ")
        self.assertRegex(ibkr("describe", "reqPositions").stdout, r"first batch +PositionEnd\n")
        self.assertRegex(ibkr("describe", "VerifyRequest").stdout, r"ended by +VerifyMessageApi, VerifyCompleted\n")

    def test_requests_without_an_id_tell_their_rule(self):
        rules = {one["name"]: one["without_id"] for name in ("OpenOrdersRequest", "MarketRuleRequest", "PositionsRequest",
                                                             "CurrentTimeRequest", "GlobalCancelRequest")
                 for one in described(name)}
        self.assertEqual(rules, {"OpenOrdersRequest": "family", "MarketRuleRequest": "keyed", "PositionsRequest": "counted",
                                 "CurrentTimeRequest": "joined", "GlobalCancelRequest": "command"})
        self.assertNotIn("without_id", described("MarketDataRequest")[0])
        told = ibkr("describe", "AccountDataRequest").stdout
        self.assertRegex(told, r"without id +counted: \w")
        self.assertRegex(told, r"cancelled by +AccountDataRequest, if subscribe == 0\n")
        self.assertRegex(ibkr("describe", "GlobalCancelRequest").stdout, r"cancels all +PlaceOrderRequest\n")

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

    def test_fields_tell_when_they_say_something(self):
        fields = {field["name"]: field for field in described("Order")[0]["fields"]}
        self.assertEqual(fields["hedge_param"]["only_if"], 'hedge_type != ""')
        self.assertTrue(fields["lmt_price"]["zero_says_something"])
        self.assertEqual(fields["exempt_code"]["says_nothing"], "-1")
        for quiet in ("total_quantity", "account", "what_if"):
            self.assertFalse({"only_if", "zero_says_something", "says_nothing"} & set(fields[quiet]), quiet)
        told = ibkr("describe", "Order").stdout
        self.assertRegex(told, r'(?m)^ *\d+ +hedge_param .*only if hedge_type != ""')
        self.assertRegex(told, r"(?m)^ *\d+ +lmt_price .*0 says something")
        self.assertRegex(told, r"(?m)^ *\d+ +exempt_code .*-1 says nothing")
        # one field alone says no less than among the others
        for name, remark in (("Order.hedge_param", 'only if hedge_type != ""'), ("Order.lmt_price", "0 says something"),
                             ("Order.exempt_code", "-1 says nothing"), ("AccountValue.value", "account beside key=AccountCode/AccountOrGroup"),
                             ("Order.good_till_date", "when")):
            self.assertRegex(ibkr("describe", name).stdout, rf"(?m)^  remarks +{re.escape(remark)}", name)
            holder, field = name.split(".")
            [alone] = described(name)
            among = next(one for one in described(holder)[0]["fields"] if one["name"] == field)
            self.assertEqual({key: value for key, value in alone.items() if key not in ("is", "of", "places")}, among)

    def test_fields_are_found_in_any_spelling(self):
        for name in ("lmtPrice", "lmt_price", "LMT_PRICE", "lmtprice", "order.lmtPrice", "Order.lmt_price"):
            [found] = described(name)
            self.assertEqual((found["name"], found["is"], found["of"], found["type"]), ("lmt_price", "field", "Order", "double"))
            self.assertIn({"message": "PlaceOrderRequest", "direction": "out", "path": "order.lmt_price"}, found["places"])
        self.assertGreater(len(described("price")), 3)
        self.assertEqual([one["of"] for one in described("TickPrice.price")], ["TickPrice"])
        self.assertEqual([place["direction"] for place in described("lmtPrice", "--out")[0]["places"]], ["out"])
        told = ibkr("describe", "lmtPrice").stdout
        self.assertRegex(told, r"(?m)^Order\.lmt_price: double$")
        self.assertRegex(told, r"PlaceOrderRequest\.order\.lmt_price \(to TWS\)")
        self.assertEqual(described("contract")[0]["is"], "struct")  # names of messages and parts go first
        self.assert_fails(ibkr("describe", "lmtPrize"), USAGE, "lmtPrize", "did you mean lmt_price")

    def test_a_field_says_its_index_in_texts(self):
        [found] = described("lmtPrice", "--server-version", 178)
        index = {place["message"]: place["index"] for place in found["places"]}
        line = json.dumps({"name": "PlaceOrderRequest", "fields": {"order_id": 1, "order": {"lmt_price": 123.25}}})
        payload = bytes.fromhex(ibkr("encode", "--direction", "out", "--server-version", 178, stdin=line).stdout)
        self.assertEqual(payload.split(b"\0")[int(index["PlaceOrderRequest"])], b"123.25")

    def test_every_field_of_a_layout_is_numbered(self):
        for name in ("OpenOrder", "PlaceOrderRequest", "HistoricalData", "ContractData", "TickPrice"):
            [told] = described(name, "--server-version", 176)
            for step in told["layout"]["steps"]:
                self.assertEqual("place" in step, not step["what"].startswith(("if ", "else")), step)

    def test_index(self):
        listed = ibkr("describe").stdout.splitlines()
        self.assertEqual(len(listed), len(described()))
        self.assertRegex(listed[0], r"^in +1  TickPrice +A price")
        self.assertEqual(ibkr("describe", "--out").stdout.splitlines(), [line for line in listed if line.startswith("out ")])

    def test_slips_get_suggestions(self):
        self.assert_fails(ibkr("describe", "TickPrize"), USAGE, "TickPrize", "did you mean TickPrice")
        self.assert_fails(ibkr("describe", "TickPrice", "--out"), USAGE, "no TickPrice to TWS")
        self.assert_fails(ibkr("describe", "--id", 199), USAGE, "199")
        self.assert_fails(ibkr("describe", "order.lmtPrize"), USAGE, "order.lmtPrize", "did you mean lmt_price")
        self.assert_fails(ibkr("describe", "EClient.reqMktData"), USAGE, "did you mean reqMktData")
        self.assert_fails(ibkr("describe", "209"), USAGE, "--id 209")
        self.assert_fails(ibkr("describe", ""), USAGE, "without a name")
        # a path as errors and near misses have it
        self.assertEqual([one["of"] for one in described("contract.combo_legs[0].ratio")], ["ComboLeg"])


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

    def test_several_codes(self):
        for asked in (("201,202",), ("201", "202"), ("201, 202",), ("201,", "202")):
            told = ibkr("errors", *asked)
            self.assertEqual(told.returncode, OK, asked)
            self.assertRegex(told.stdout, r"(?s)^201: .*  what to do +\w.*\n202: ")

    def test_ranges_of_codes(self):
        for asked in (("201-203",), ("201..203",), ("200-0201", "202,203"), ("203-203", "201-202")):
            told = ibkr("errors", *asked, "--json")
            self.assertEqual(told.returncode, OK, asked)
            codes = {json.loads(line)["code"] for line in told.stdout.splitlines()}
            self.assertLessEqual({201, 202, 203}, codes, asked)
            self.assertLessEqual(codes, {200, 201, 202, 203})
        self.assertRegex(ibkr("errors", "201-203").stdout, r"^  201  order +\w+ +\w.*\n  202 ")
        self.assertRegex(ibkr("errors", "201-201").stdout, r"^201: ")
        self.assert_fails(ibkr("errors", "3000-4000"), FOUND_WRONG, "no code from 3000 to 4000", "ibkr errors")
        for slip in ("203-201", "201-", "-", "1.5", "201-202-203", "201--203", "201-99999999999"):
            told = ibkr("errors", "--", slip)
            self.assertIn(told.returncode, (USAGE, FOUND_WRONG), slip)
            self.assertIn("ibkr errors", told.stderr, slip)

    def test_words_are_searched_for(self):
        for asked in (("farm",), ("FARM",), ("farms",)):
            told = ibkr("errors", *asked)
            self.assertEqual(told.returncode, OK if asked != ("farms",) else FOUND_WRONG, asked)
            if told.returncode == OK:
                self.assertEqual({int(row.split()[0]) for row in told.stdout.splitlines()},
                                 {2103, 2104, 2105, 2106, 2107, 2108, 2119, 2157, 2158, 165, 10182})
        both = ibkr("errors", "farm", "historical", "--json").stdout.splitlines()
        self.assertEqual([json.loads(line)["code"] for line in both], [165, 2105, 2106, 2107, 10182])
        self.assertIn("10349: ", ibkr("errors", "preset", "cancel").stdout)
        self.assert_fails(ibkr("errors", "weather"), FOUND_WRONG, "weather", "ibkr errors")

    def test_codes_that_people_meet_are_known(self):
        every = {one["code"]: one for one in map(json.loads, ibkr("errors", "--json").stdout.splitlines())}
        for code in (106, 107, 109, 328, 334, 340, 355, 382, 383, 387, 388, 391, 434, 436, 460, 2123, 2148, 2161, 2168, 2169,
                     10149, 10230, 10243, 10244, 10268, 10275, 10289, 10311, 10329, 10339, 10349, 10358, 10999):
            self.assertIn(code, every)
        for code in (114, 153, 305, 405, 421, 431, 438, 450, 10014, 10016, *range(10021, 10028)):  # of old lists
            self.assertIn(code, every)
        for code, told in every.items():
            if told["area"] != "client" or code in (502, 503, 504, 10999):
                self.assertTrue(told["advice"], code)
        effects = {code: every[code]["effect"] for code in (2161, 2168, 10275, 10349, 10243, 10311, 2102)}
        self.assertEqual(effects, {2161: "warning", 2168: "warning", 10275: "warning", 10349: "warning", 10243: "ends",
                                   10311: "ends", 2102: "ends"})

    def test_unknown_code(self):
        self.assert_fails(ibkr("errors", 77777), FOUND_WRONG, "77777", "10999", "ibkr errors")
        self.assert_fails(ibkr("errors", 2199), FOUND_WRONG, "2199", "from 2100 to 2199 are warnings", "2188 and 10000")
        known_too = ibkr("errors", "201,2199")
        self.assertEqual(known_too.returncode, FOUND_WRONG)
        self.assertIn("201: ", known_too.stdout)
        self.assert_fails(ibkr("errors", "99999999999"), USAGE, "99999999999")


if __name__ == "__main__":
    unittest.main()
