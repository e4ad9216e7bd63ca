"""The folder of one server: whose it is, what a dead run left in it, and its removal."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path

from pulser_local.errors import LocalError
from pulser_local.postgres.account import Account

PRIVATE_PARENT = Path("/var/tmp")  # noqa: S108  # random names by mkdtemp; on disk, and open to every user
PRIVATE_PREFIX = "pulser-postgres-"
SWEPT = (PRIVATE_PARENT, Path("/dev/shm"))  # noqa: S108  # the servers of tests are in memory
LOCK_NAME = "pulser.lock"


class Home:
    """One folder with `data/`, `postgres.log` and a lock that is ours for as long as this process lives."""

    def __init__(self, path: Path, lock: int, *, ours: bool) -> None:
        self.path = path
        self.data = path / "data"
        self.log = path / "postgres.log"
        self._lock = lock
        self._ours = ours

    @classmethod
    def claim(cls, directory: Path, account: Account) -> Home:
        """Take the directory, or a private folder when the server's user cannot enter it.

        Raises LocalError when a running server has the directory, or when it holds data that is not ours.
        """
        sweep_private_homes()
        ours = not directory.exists()
        directory.mkdir(parents=True, exist_ok=True)
        directory = directory.resolve()
        if ours:
            directory.chmod(0o755)
        if not account.can_enter(directory):
            if ours:
                directory.rmdir()
            directory, ours = Path(tempfile.mkdtemp(prefix=PRIVATE_PREFIX, dir=PRIVATE_PARENT)), True
            directory.chmod(0o711)
        home = cls._take(directory, ours=ours)
        home.data.mkdir(mode=0o700)
        account.own(home.data)
        return home

    @classmethod
    def _take(cls, directory: Path, *, ours: bool) -> Home:
        known = (directory / LOCK_NAME).exists()
        if not known and (directory / "data").exists():
            raise LocalError(
                f"{directory}/data exists and was not made by pulser.",
                remedy="Name another directory, or remove it yourself.",
            )
        lock = try_lock(directory)
        if lock is None:
            raise LocalError(
                f"Another pulser runs its database in {directory}.",
                remedy="Stop that one first, or name another directory.",
            )
        remove_data(directory)
        return cls(directory, lock, ours=ours)

    def remove(self) -> None:
        """Remove what we made, and let go of the lock."""
        remove_data(self.path)
        (self.path / LOCK_NAME).unlink(missing_ok=True)
        if self._ours:
            shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def try_lock(directory: Path) -> int | None:
    """A descriptor that holds the directory's lock until it is closed or we end; None when it is taken."""
    lock = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def sweep_private_homes() -> None:
    """Remove private folders of ours whose process is gone."""
    for directory in (it for parent in SWEPT for it in parent.glob(f"{PRIVATE_PREFIX}*")):
        try:
            found = directory.lstat()
            if found.st_uid != os.geteuid() or not stat.S_ISDIR(found.st_mode):
                continue
            if not (directory / LOCK_NAME).exists():
                continue  # just being made by another process
            lock = try_lock(directory)
        except FileNotFoundError:
            continue
        if lock is not None:
            remove_data(directory)
            shutil.rmtree(directory, ignore_errors=True)
            os.close(lock)


def remove_data(directory: Path) -> None:
    """Stop a server that outlived its parent, then remove the data and the log."""
    stop_orphan(directory / "data")
    shutil.rmtree(directory / "data", ignore_errors=True)
    (directory / "postgres.log").unlink(missing_ok=True)


def stop_orphan(data: Path, *, limit_s: float = 10) -> None:
    """End the server that runs in this data directory, if one does (the kernel may not have told it to)."""
    try:
        pid = int((data / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return
    deadline = time.monotonic() + limit_s
    while _serves(pid, data) and time.monotonic() < deadline:
        os.kill(pid, signal.SIGQUIT)
        time.sleep(0.02)


def _serves(pid: int, data: Path) -> bool:
    # A pid alone proves nothing: it may have been given to another process since.
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cwd").resolve() == data.resolve()
        except OSError:
            return False
    listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return str(data) in listed.stdout
