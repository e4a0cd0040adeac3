"""Starts `ibkr mock`, `proxy` and `replay` on a port of the system's choice and waits for the line that says which."""

import subprocess
import threading
from pathlib import Path

READY_SECONDS = 30
STOP_SECONDS = 30


class ServerFailed(Exception):
    """A server did not come up, or did not end; carries the end of its log."""


class Server:
    """One running `ibkr` sub-command. Leaving the `with` block ends it with SIGTERM; `exit_status` is then set."""

    def __init__(self, program, arguments, log: Path):
        self.name = arguments[0]
        self.exit_status = None
        self._log = log
        self._errors = log.open("wb")
        self._process = subprocess.Popen(
            [program, *map(str, arguments), "--listen", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors, text=True,
        )
        self._ready = threading.Event()
        self._address = None
        self._said = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._process.stdout:
            self._said.append(line)
            if line.startswith("listening on "):
                self._address = line.split()[-1]
                self._ready.set()
        self._ready.set()  # it ended, perhaps without the line

    def __enter__(self):
        self._ready.wait(READY_SECONDS)
        if self._address is None:
            self.stop()
            raise ServerFailed(f"ibkr {self.name} never said `listening on`, exit status {self.exit_status}\n{self.tail()}")
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def host(self):
        return self._address.rpartition(":")[0]

    @property
    def port(self):
        return int(self._address.rpartition(":")[2])

    @property
    def address(self):
        return self._address

    def stop(self):
        """Ends the server, if it has not ended, and returns its exit status."""
        if self.exit_status is not None:
            return self.exit_status
        self._process.terminate()
        try:
            self.exit_status = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            self.exit_status = -1
            self._said.append(f"(killed: it did not end within {STOP_SECONDS} s of SIGTERM)\n")
        self._reader.join()
        self._errors.close()
        return self.exit_status

    def tail(self, lines=25):
        """The end of what the server said, for a failure's report."""
        said = self._log.read_text(errors="replace").splitlines() + [line.rstrip() for line in self._said]
        return "\n".join(f"    ibkr {self.name}: {line}" for line in said[-lines:])
