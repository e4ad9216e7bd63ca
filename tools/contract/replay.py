"""python -m tools.contract.replay <release> [test…]: the code of a release, and its own tests, on the schema of now.

The contract knows names and types. What a result holds, the release's tests know best: they are played as they are.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "released"
SOURCES = (
    "shared",
    "local",
    "cli",
    *(f"functions/{it.parent.name}" for it in sorted(ROOT.glob("functions/*/main.py"))),
)
# What calls the schema's functions for a purpose, from a single worker to whole stories with crashes.
TESTS = (
    *("tests/integration/notify_dispatch", "tests/integration/action_handler", "tests/integration/command_handler"),
    *("tests/integration/socket_relay", "tests/integration/functions", "tests/integration/cli", "tests/proof"),
)
# These change the schema themselves, and mean the one of their own time.
OTHERS = ("--ignore-glob=*test_behind.py", "--ignore-glob=*test_rolling_deploy.py")


def prepare(release: str, folder: Path) -> None:
    """The release's files in this folder, with the migrations of now. Raises CalledProcessError: no such release."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    archive = folder.with_suffix(".tar")
    named = ["git", "-c", "safe.directory=*", "archive", f"--output={archive}", release]
    subprocess.run(named, cwd=ROOT, check=True)
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()
    shutil.rmtree(folder / "supabase" / "migrations")
    shutil.copytree(ROOT / "supabase" / "migrations", folder / "supabase" / "migrations")


def main(release: str, tests: list[str]) -> int:
    """Play the tests; pytest's exit code."""
    try:
        prepare(release, FOLDER)
    except subprocess.CalledProcessError as error:
        return error.returncode
    paths = os.pathsep.join(str(FOLDER / it) for it in SOURCES)
    chosen = tests or [it for it in TESTS if (FOLDER / it).exists()]
    asked = [sys.executable, "-m", "pytest", "-q", *OTHERS, *chosen]
    return subprocess.run(asked, cwd=FOLDER, env={**os.environ, "PYTHONPATH": paths}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
