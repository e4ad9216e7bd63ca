"""Where the `pulser` command begins."""

from __future__ import annotations

import sys


def run() -> None:
    """Ctrl-C ends it quietly from the first moment: importing what it needs takes most of a second."""
    try:
        from pulser_cli.main import app  # noqa: PLC0415  inside, so that the wait for it can be ended

        app()
    except KeyboardInterrupt:
        sys.exit(130)
