"""Becomes another program, one that dies with its supervisor.

    python child_launcher.py <supervisor's pid> <program> <argument>…

It is run as a file, before any other module is there, so it imports the standard library alone.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # prctl(2)


def main(supervisor: int, command: list[str]) -> None:
    """Ask the kernel for SIGTERM when the supervisor dies, then become the command."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # The supervisor may have died before the request: then nobody would ever send the signal.
    if os.getppid() != supervisor:
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606  # no shell is wanted: this process is to become the child


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
