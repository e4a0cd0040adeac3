"""Our programs on the real clients, and how each is started."""

import os
import subprocess
from pathlib import Path

import transcript

HERE = Path(__file__).resolve().parent
CLIENT_SECONDS = 90

PROGRAMS = {
    "ib_async": "ib_async_client.py",
    "ibapi_10": "ibapi_client.py",
    "ibapi_9": "ibapi_client.py",
    "stoqey": "stoqey_client.cjs",
}


class ClientFailed(Exception):
    """A program did not end well; carries what it said last and the servers' logs."""


class Client:
    """One of our programs on one installed client."""

    def __init__(self, name, installed):
        self.name = name
        program = HERE / "clients" / PROGRAMS[name]
        self._environment = dict(os.environ)
        if name == "stoqey":
            self._command = ["node", program]
            self._environment["NODE_PATH"] = str(installed)
        else:
            self._command = [installed, "-B", program]

    def run(self, server, client_id, *others):
        """The events that the program saw. Fails with its errors and the servers' logs."""
        command = [*self._command, server.host, str(server.port), str(client_id)]
        try:
            done = subprocess.run(command, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=CLIENT_SECONDS)
            problem = None if done.returncode == 0 else f"exit status {done.returncode}"
            said, errors = done.stdout, done.stderr
        except subprocess.TimeoutExpired as late:
            problem = f"did not end within {CLIENT_SECONDS} s"
            said, errors = ((stream or b"").decode(errors="replace") for stream in (late.stdout, late.stderr))
        if problem:
            last = "\n".join(f"    client: {line}" for line in (said.splitlines()[-5:] + errors.splitlines()[-15:]))
            raise ClientFailed("\n".join([f"the client failed: {problem}", last, *(s.tail() for s in (server, *others))]))
        return transcript.parse(said)
