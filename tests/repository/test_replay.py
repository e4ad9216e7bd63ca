"""What `make upgrade-check` plays: the code of a release with the migrations of now."""

from __future__ import annotations

import filecmp
import subprocess
from pathlib import Path

import pytest

from tests.repository.tree import MIGRATIONS, ROOT
from tools.contract.replay import TESTS, prepare


def test_old_code_gets_the_migrations_of_now(tmp_path: Path) -> None:
    """Its own files come from git, the migrations from the work tree: none is left over, none is missing."""
    prepare("HEAD", tmp_path / "released")
    asked = ["git", "-c", "safe.directory=*", "show", "HEAD:shared/pulser/http.py"]
    of_git = subprocess.run(asked, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert (tmp_path / "released" / "shared" / "pulser" / "http.py").read_text() == of_git
    names = [it.name for it in MIGRATIONS]
    folder = tmp_path / "released" / "supabase" / "migrations"
    assert sorted(it.name for it in folder.iterdir()) == names
    assert filecmp.cmpfiles(folder, ROOT / "supabase" / "migrations", names, shallow=False) == (names, [], [])


def test_what_is_played_is_there() -> None:
    """No folder of tests has moved away unnoticed."""
    assert [it for it in TESTS if not (ROOT / it).exists()] == []


def test_a_release_that_git_does_not_know_is_an_error(tmp_path: Path) -> None:
    """Nothing is played on what is not there."""
    with pytest.raises(subprocess.CalledProcessError):
        prepare("v0.0.0-none", tmp_path / "released")
