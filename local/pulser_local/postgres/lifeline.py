"""Ties a child process to us: should we be killed without a chance to clean up, the kernel ends it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(number: signal.Signals = signal.SIGINT) -> Callable[[], None] | None:
    """A preexec_fn that asks the kernel to send the signal when our thread ends; None where it cannot.

    A wrapper program could not do it: the request is forgotten at a change of user, and the server's user may
    not reach our Python. Here it runs after that change, just before exec, and does nothing but system calls.
    Elsewhere than on Linux, a server that outlived its parent is ended by the next run in its directory.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl  # looked up before the fork
    parent = os.getpid()

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return ask
