"""A program with several connections: two client ids, one of which reconnects, recorded and replayed as one."""

import json
import re
import subprocess

import transcript
from suite import MISMATCH, RECORDING_CLIENT_ID, CaseFailed, Suite

RECORDED_SESSIONS = [RECORDING_CLIENT_ID, RECORDING_CLIENT_ID + 1, RECORDING_CLIENT_ID]  # client ids, in order of connection
A_CENT_OFF = "10.01"  # where 10.00 was recorded


class SeveralConnections(Suite):
    """The cases of ib_insync_client.py."""

    def sessions_are_recorded(self):
        done = subprocess.run([self.program, "sessions", self.journal, "--json"], capture_output=True, text=True, timeout=60)
        seen = [json.loads(line).get("client_id") for line in done.stdout.splitlines()]
        if seen != RECORDED_SESSIONS:
            raise CaseFailed(f"expected sessions of the client ids {RECORDED_SESSIONS}, found {seen}\n{done.stderr}")

    def replayed_whole(self, *options):
        with self.server("replay", self.journal, *options) as replay:
            seen = self.client.run(replay, RECORDING_CLIENT_ID)
            self.equal(transcript.normalised(self.recorded), transcript.normalised(seen), "recorded", "replayed", replay)
        self.ended_well(replay)

    def order_a_cent_off_is_refused(self):
        with self.server("replay", self.journal, "--speed", "max") as replay:
            _, problem = self.client.attempt(replay, RECORDING_CLIENT_ID, A_CENT_OFF)
        if not problem:
            raise CaseFailed(f"the order at {A_CENT_OFF} was not recorded, and the program noticed nothing\n{replay.tail()}")
        if replay.exit_status != MISMATCH:
            raise CaseFailed(f"ibkr replay ended with {replay.exit_status}, not with {MISMATCH}\n{replay.tail()}")
        named = sorted(set(re.findall(r"\border\.\w+|\bcontract\.\w+", replay.tail(200))))
        if named != ["order.lmt_price"]:
            raise CaseFailed(f"the order differs in its limit only, and replay named {named}\n{replay.tail()}")

    def thread_of_cases(self):
        return self.outcomes([
            ("two client ids, one reconnects: against the mock", self.against_the_mock),
            ("through the proxy: same kinds of events", self.through_the_proxy),
            ("three sessions are recorded", self.sessions_are_recorded),
            ("replayed as it was: same transcript", self.replayed_whole),
            ("replayed as fast as possible: same transcript", lambda: self.replayed_whole("--speed", "max")),
            ("an order a cent off is refused, and only that field named", self.order_a_cent_off_is_refused),
        ])
