"""Whoever replays a session must get what was recorded for just that request, or be told what differs, without an account
number in the log."""

import unittest

from harness import FakeTws, Server, TestCase, run_app, text

ACCOUNT, OTHER_ACCOUNT = "U7654321", "U1111111"
START = [text(15, 1, ACCOUNT), text(9, 1, 1)]


def bars(end):
    return text(20, 1, 0, "AAPL", "STK", "", 0.0, "", "", "SMART", "", "USD", "", "", 0, end, "1 hour", "1 D", 1, "TRADES", 1, 0, "")


def account_updates(account):
    return text(6, 2, 1, account)


def error_text(payload):
    """What the app is told: 4, version, id, code, text."""
    return payload.decode().split("\0")[4]


class Matching(TestCase):
    def recorded(self, *requests):
        journal = self.folder / "session.db"
        with FakeTws(START) as tws, Server("proxy", "--listen", "127.0.0.1:0", "--upstream", tws.address, "--journal",
                                           journal) as proxy:
            run_app(proxy.port, requests, len(START))
        return journal

    def replayed(self, journal, *options, requests, answers=0):
        """The ended replay, and the frames that the app got besides those of START_API."""
        with Server("replay", journal, "--listen", "127.0.0.1:0", "--speed", "max", *options) as replay:
            frames = run_app(replay.port, requests, len(START) + answers)
            replay.wait()
        return replay, [payload for payload in frames[1:] if payload not in START]

    def test_bars_of_another_day(self):
        journal = self.recorded(bars("20260101 00:00:00 UTC"))
        replay, _ = self.replayed(journal, requests=[bars("20260101 00:00:00 UTC")])
        self.assertEqual(replay.status, 0, replay.log)

        replay, [refused] = self.replayed(journal, requests=[bars("19990101 00:00:00 UTC")], answers=1)
        self.assertNotEqual(replay.status, 0, replay.log)
        self.assertIn("end_date_time: recorded 20260101 00:00:00 UTC, live 19990101 00:00:00 UTC", replay.log)
        self.assertIn("end_date_time", error_text(refused))

        replay, _ = self.replayed(journal, "--any-time", requests=[bars("19990101 00:00:00 UTC")])
        self.assertEqual(replay.status, 0, replay.log)
        self.assertIn("end_date_time: recorded 20260101 00:00:00 UTC, live 19990101 00:00:00 UTC", replay.log)

    def test_no_account_number_is_logged_or_told(self):
        journal = self.recorded(account_updates(ACCOUNT))
        replay, [refused, end] = self.replayed(journal, requests=[account_updates(OTHER_ACCOUNT)], answers=2)
        self.assertNotEqual(replay.status, 0, replay.log)
        self.assertIn("acct_code: recorded account#1, live account#2", replay.log)
        self.assertEqual(end, text(54, 1, OTHER_ACCOUNT))  # its own, so that a client that waits for it goes on
        for account in (ACCOUNT, OTHER_ACCOUNT):
            self.assertNotIn(account, replay.log)
            self.assertNotIn(account, error_text(refused))

    def test_the_time_is_told_though_it_was_not_recorded(self):
        journal = self.recorded(bars("20260101 00:00:00 UTC"))
        replay, [time] = self.replayed(journal, requests=[bars("20260101 00:00:00 UTC"), text(49, 1)], answers=1)
        self.assertEqual(replay.status, 0, replay.log)
        self.assertTrue(time.startswith(b"49\0001\000"), time)


if __name__ == "__main__":
    unittest.main()
