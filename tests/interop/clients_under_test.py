"""Our programs on the real clients, and how each is started."""

import json
import os
import subprocess
import threading
from pathlib import Path

import transcript

HERE = Path(__file__).resolve().parent
CLIENT_SECONDS = 90

PROGRAMS = {
    "ib_async": "ib_async_client.py",
    "ib_insync": "ib_insync_client.py",
    "habits": "ib_async_habits.py",
    "bad_days": "ib_async_bad_days.py",
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
        events, problem = self.attempt(server, client_id)
        if problem:
            raise ClientFailed("\n".join([problem, *(s.tail() for s in (server, *others))]))
        return events

    def attempt(self, server, client_id, *arguments):
        """The events that the program saw, and how it failed: None when it ended well."""
        command = [*self._command, server.host, str(server.port), str(client_id), *arguments]
        try:
            done = subprocess.run(command, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=CLIENT_SECONDS)
            why = f"exit status {done.returncode}"
            said, errors = done.stdout, done.stderr
            if done.returncode == 0:
                return transcript.parse(said), None
        except subprocess.TimeoutExpired as late:
            why = f"did not end within {CLIENT_SECONDS} s"
            said, errors = ((stream or b"").decode(errors="replace") for stream in (late.stdout, late.stderr))
        last = [f"    client: {line}" for line in said.splitlines()[-5:] + errors.splitlines()[-15:]]
        return transcript.parse(said), "\n".join([f"the client failed: {why}", *last])

    def killed_at(self, server, client_id, request):
        """Starts the program and kills it, as kill -9 does, at the first event that belongs to the request."""
        command = [*self._command, server.host, str(server.port), str(client_id)]
        with subprocess.Popen(command, env=self._environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True) as program:
            late = threading.Timer(CLIENT_SECONDS, program.kill)
            late.start()
            seen = any(json.loads(line)["request"] == request for line in program.stdout)
            program.kill()
            late.cancel()
        if not seen:
            raise ClientFailed(f"the program ended before it had an answer to {request!r}\n{server.tail()}")
