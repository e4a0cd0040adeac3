"""A program with several connections: two client ids, one of which reconnects, recorded as several sessions."""

import json
import subprocess

from suite import RECORDING_CLIENT_ID, CaseFailed, Suite

RECORDED_SESSIONS = [RECORDING_CLIENT_ID, RECORDING_CLIENT_ID + 1, RECORDING_CLIENT_ID]  # client ids, in order of connection


class SeveralConnections(Suite):
    """The cases of ib_insync_client.py."""

    def sessions_are_recorded(self):
        done = subprocess.run([self.program, "sessions", self.journal, "--json"], capture_output=True, text=True, timeout=60)
        seen = [json.loads(line).get("client_id") for line in done.stdout.splitlines()]
        if seen != RECORDED_SESSIONS:
            raise CaseFailed(f"expected sessions of the client ids {RECORDED_SESSIONS}, found {seen}\n{done.stderr}")

    def thread_of_cases(self):
        return self.outcomes([
            ("two client ids, one reconnects: against the mock", self.against_the_mock),
            ("through the proxy: same kinds of events", self.through_the_proxy),
            ("three sessions are recorded", self.sessions_are_recorded),
        ])
