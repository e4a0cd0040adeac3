#!/usr/bin/env python3
"""Installs the real clients under build/interop, pinned by hash; returns at once for those that are there.

    python3 tests/interop/install.py [NAME…]     prints one interpreter a line; all without a NAME

Each client has a directory of its own, as the two official ones share the module name `ibapi`, and ib_async and ib_insync
share parts. `habits` and `bad_days` are programs on ib_async, `documented` is what the programs in the documents need: ib_async and pytest. The directory's name
carries a hash of the pins and of the interpreter, so a changed pin installs anew and nothing goes stale.
Exit status: 0 installed, 75 a registry cannot be reached (try again later), 1 the installation failed.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
INSTALLED = ROOT / "build" / "interop"
INSTALL_SECONDS = 600
REGISTRY_UNREACHABLE = 75  # EX_TEMPFAIL

# What pip and npm say when it is the registry and not the package.
_NETWORK = re.compile(
    r"Retrying \(Retry|NewConnectionError|ConnectTimeout|ReadTimeout|Connection refused|Connection reset|Network is unreachable"
    r"|name resolution|HTTP error 5\d\d|\b50[234] (Server|Bad|Service|Gateway)"
    r"|E(NOTFOUND|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH|AI_AGAIN)|ERR_SOCKET_TIMEOUT|E50[234]"
)

# What they say when the registry answered with something else than was pinned; that is never the network's fault.
_TAMPERED = re.compile(r"DO NOT MATCH THE HASHES|EINTEGRITY")


class RegistryUnreachable(Exception):
    """PyPI or npm cannot be reached; says which and what the tool said last."""


class InstallFailed(Exception):
    """The registry answered, but the client could not be installed (a hash that differs, no wheel, no compiler)."""


def run_tool(command, directory):
    """Runs pip or npm. Raises RegistryUnreachable or InstallFailed."""
    environment = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1", npm_config_update_notifier="false")
    try:
        done = subprocess.run(
            command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired as late:
        raise RegistryUnreachable(f"{command[0]} did not finish within {INSTALL_SECONDS} s") from late
    except OSError as missing:
        raise InstallFailed(f"{command[0]}: {missing.strerror}; run scripts/setup test") from missing
    if done.returncode == 0:
        return
    said = done.stdout + done.stderr
    tail = "\n".join(said.strip().splitlines()[-15:])
    failure = RegistryUnreachable if _NETWORK.search(said) and not _TAMPERED.search(said) else InstallFailed
    raise failure(f"{' '.join(map(str, command))}\n{tail}")


def in_new_directory(name, pins, fill):
    """Calls fill(directory) for a new directory; one that failed half-way is removed and never taken for complete."""
    key = hashlib.sha256(sys.version.encode())
    for pin in pins:
        key.update(pin.read_bytes())
    directory = INSTALLED / f"{name}-{key.hexdigest()[:12]}"
    complete = directory / ".complete"
    if complete.exists():
        return directory
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    try:
        fill(directory)
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    complete.touch()
    return directory


def _python_client(name, requirements, build_tools=None):
    """`requirements` and `build_tools` name files in requirements/."""
    pins = [HERE / "requirements" / f"{file}.txt" for file in requirements]
    tools = [HERE / "requirements" / f"{file}.txt" for file in build_tools or []]

    def fill(directory):
        run_tool([sys.executable, "-m", "venv", directory], ROOT)
        pip = [directory / "bin" / "python", "-m", "pip", "install", "--quiet", "--require-hashes"]
        for file in tools:
            run_tool([*pip, "-r", file], ROOT)
        for file in pins:
            run_tool([*pip, "--no-build-isolation", "-r", file], ROOT)

    return in_new_directory(name, [*pins, *tools], fill) / "bin" / "python"


def _stoqey():
    pins = [HERE / "package.json", HERE / "package-lock.json"]

    def fill(directory):
        for pin in pins:
            shutil.copy(pin, directory)
        run_tool(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], directory)

    return in_new_directory("stoqey", pins, fill) / "node_modules"


INSTALLERS = {
    "ib_async": lambda: _python_client("ib_async", ["ib_async"]),
    "ib_insync": lambda: _python_client("ib_insync", ["ib_insync"]),
    "ibapi_10": lambda: _python_client("ibapi_10", ["ibapi_10"]),
    "ibapi_9": lambda: _python_client("ibapi_9", ["ibapi_9"], ["build_tools"]),
    "stoqey": _stoqey,
    "habits": lambda: _python_client("ib_async", ["ib_async"]),
    "bad_days": lambda: _python_client("ib_async", ["ib_async"]),
    "documented": lambda: _python_client("documented", ["ib_async", "pytest"]),
}


def install(name):
    """Returns the Python interpreter of a Python client, the node_modules directory of stoqey."""
    if name not in INSTALLERS:
        raise InstallFailed(f"unknown client {name}: it is one of {', '.join(INSTALLERS)}")
    return INSTALLERS[name]()


def main(names):
    try:
        for name in names or INSTALLERS:
            print(install(name), flush=True)
    except RegistryUnreachable as unreachable:
        print(f"a package registry cannot be reached:\n{unreachable}", file=sys.stderr)
        return REGISTRY_UNREACHABLE
    except InstallFailed as failed:
        print(f"cannot install a client:\n{failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
