from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from pulser_local.errors import LocalError

FOLDER = ".pulser"


class RunFile:
    """`.pulser/dev.json`: what runs in this folder and where, for the other commands; one run at a time.

    It holds {"pid", "gateway_url", "database_url", "slack_api_url", "console_url", "children": {name: pid}}.
    The lock lives beside it and ends with its process, so a file left by a killed run is known as stale.
    """

    def __init__(self, project: Path) -> None:
        self.path = project / FOLDER / "dev.json"
        self._lock: TextIO | None = None

    def claim(self) -> None:
        """Become the one run of this folder; clean up after one that was killed.

        Raises LocalError when another run lives, or the folder cannot be written.
        """
        try:
            self.path.parent.mkdir(exist_ok=True)
            lock = (self.path.parent / "dev.lock").open("a")
        except OSError as error:
            raise LocalError(f"Cannot write into {self.path.parent}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise LocalError(
                f"pulser dev runs in this folder already{self._who()}.",
                remedy="Stop that one first, or start in another folder.",
            ) from None
        self._lock = lock
        self._clean_stale()

    def write(self, content: Mapping[str, object]) -> None:
        """Write the file, readable by its owner alone; readers see the old or the new one, never half."""
        draft = self.path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump({"pid": os.getpid(), **content}, file, indent=2)
        draft.replace(self.path)

    def release(self) -> None:
        """Remove the file and let another run begin. Safe without a claim."""
        if self._lock is None:
            return
        self.path.unlink(missing_ok=True)
        self._lock.close()
        self._lock = None

    def read(self) -> dict[str, object]:
        """The content; empty when there is none."""
        try:
            content = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def _who(self) -> str:
        content = self.read()
        return f" (process {content['pid']}, {content.get('console_url')})" if "pid" in content else ""

    def _clean_stale(self) -> None:
        children = self.read().get("children")
        for pid in children.values() if isinstance(children, dict) else ():
            # Where the kernel cannot end children with their supervisor they may still be there.
            if isinstance(pid, int) and "functions_framework" in _command_line(pid):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)
        self.path.unlink(missing_ok=True)


def _command_line(pid: int) -> str:
    # -ww: the whole line, however narrow the terminal (COLUMNS) is.
    shown = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return shown.stdout
