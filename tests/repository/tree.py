"""What is in git, for tests of the layout."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FUNCTION_FOLDERS = sorted(
    it for it in (ROOT / "functions").iterdir() if it.is_dir() and not it.name.startswith((".", "_"))
)
MIGRATIONS = sorted((ROOT / "supabase" / "migrations").iterdir())


@cache
def tracked() -> tuple[Path, ...]:
    """Every file in git that stands in the work tree. Whoever runs the tests need not own it."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return tuple(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())


def python_files(*folders: str) -> list[Path]:
    """The Python files in git, of these folders or of all."""
    return [it for it in tracked() if it.suffix == ".py" and (not folders or name_of(it).startswith(folders))]


def name_of(path: Path) -> str:
    """A path as people write it."""
    return path.relative_to(ROOT).as_posix()
