"""Where each client is installed: as tests/interop does it, pinned by hash, under build/interop, at once when it is there."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))
import install  # noqa: E402  (it lies beside us)

RegistryUnreachable, InstallFailed = install.RegistryUnreachable, install.InstallFailed

SHARED = {"ibapi_10_51": "ibapi_10", "ibapi_9_81": "ibapi_9", "ib_async": "ib_async"}  # those that tests/interop has


def interpreter(client):
    """The Python in whose packages the client is. Raises RegistryUnreachable or InstallFailed."""
    if client in SHARED:
        return install.install(SHARED[client])
    pins = HERE / "requirements" / f"{client}.txt"

    def fill(directory):
        install.run_tool([sys.executable, "-m", "venv", directory], HERE)
        python = directory / "bin" / "python"
        install.run_tool([python, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", pins], HERE)

    return install.in_new_directory(client, [pins], fill) / "bin" / "python"
