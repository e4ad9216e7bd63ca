"""What a process does once, when it has loaded what it is made of."""

from __future__ import annotations

import gc

from pulser import logs


def begin(log_level: str) -> None:
    """Log as JSON lines from `log_level` on, and spare the code the looks of the garbage collector.

    To be called when the client of the database has been chosen, which is imported only then.

    Code lives as long as its process. To look through its 80,000 objects took 50 ms each time, for which every ack and
    every message waited.
    """
    logs.configure(log_level)
    gc.freeze()
