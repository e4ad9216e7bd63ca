"""Which operating system user the server runs as, and what that user can reach."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    """The user to run PostgreSQL as; `name` None means the user we are."""

    name: str | None
    uid: int
    gid: int

    def popen_options(self) -> dict[str, object]:
        """Options of subprocess.Popen which make the child run as this user and nothing more."""
        if self.name is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def run(self, command: Sequence[str | Path], *, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command as this user from /, with no input; its error text is in stderr.

        Raises PermissionError when the user cannot reach the program.
        """
        return subprocess.run(  # type: ignore[call-overload,no-any-return]  # typeshed wants literal keywords
            [str(part) for part in command],
            cwd="/",
            env=server_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            **self.popen_options(),
        )

    def can_enter(self, folder: Path) -> bool:
        """Whether this user can use files in the folder (tried, not computed: ACLs and mounts count)."""
        try:
            return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0
        except PermissionError:
            return False

    def own(self, path: Path) -> None:
        """Hand a path that we made over to this user."""
        if self.name is not None:
            os.chown(path, self.uid, self.gid)


def server_account() -> Account:
    """PostgreSQL refuses to run as root, so root lends it `postgres`, else `nobody`; no user is added."""
    if os.geteuid() != 0:
        return Account(None, os.geteuid(), os.getegid())
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    return Account("65534", 65534, 65534)  # an image without a user list: the kernel's own overflow user


def server_environment() -> dict[str, str]:
    """Our environment without PG* (a stray PGDATA or PGPORT must not lead the tools elsewhere) and locale."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_", "LANG")) and name not in {"HOME", "TZ"}
    }
    return {**kept, "LC_ALL": "C"}
