from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.integration.cli.conftest import Pulser

NOWHERE = "postgresql://postgres:sentinel-password@127.0.0.1:9/postgres"


def write_run_file(folder: Path, **content: object) -> None:
    (folder / ".pulser").mkdir()
    (folder / ".pulser/dev.json").write_text(json.dumps(content))


@pytest.fixture
def ended_pid() -> int:
    """The id of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


async def test_the_option_comes_first(bare_pulser: Pulser, database_url: str) -> None:
    """--database-url wins over the environment."""
    result = await bare_pulser("ledger", "list", "--database-url", database_url, SUPABASE_DB_URL=NOWHERE)
    assert result.exit_code == 0


async def test_a_running_dev_is_found(
    bare_pulser: Pulser, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder below the one where `pulser dev` runs, its database is meant."""
    write_run_file(tmp_path, database_url=database_url, pid=os.getpid())
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert (await bare_pulser("ledger", "list")).exit_code == 0


async def test_another_users_dev_is_found(bare_pulser: Pulser, database_url: str, tmp_path: Path) -> None:
    """A process that we may not signal runs all the same, and so does one that is not named."""
    write_run_file(tmp_path, database_url=database_url, pid=1)
    assert (await bare_pulser("ledger", "list")).exit_code == 0


async def test_a_file_without_a_process_is_believed(bare_pulser: Pulser, database_url: str, tmp_path: Path) -> None:
    """A run file that names no process is taken at its word."""
    write_run_file(tmp_path, database_url=database_url)
    assert (await bare_pulser("ledger", "list")).exit_code == 0


async def test_a_dev_that_was_killed_is_not_found(
    bare_pulser: Pulser, database_url: str, tmp_path: Path, ended_pid: int
) -> None:
    """A stale run file does not count."""
    write_run_file(tmp_path, database_url=database_url, pid=ended_pid)
    assert "no database: start `pulser dev`" in (await bare_pulser("ledger", "list")).stderr


async def test_no_database_says_what_to_do(bare_pulser: Pulser) -> None:
    """Exit code 2 and one line with the remedies."""
    result = await bare_pulser("ledger", "list")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "give --database-url, or set SUPABASE_DB_URL" in result.stderr


async def test_half_an_environment_is_refused(bare_pulser: Pulser) -> None:
    """SUPABASE_URL without a key is a mistake, not a reason to look elsewhere."""
    result = await bare_pulser("ledger", "list", SUPABASE_URL="http://127.0.0.1:9")
    assert (result.exit_code, "SUPABASE_SERVICE_ROLE_KEY" in result.stderr) == (2, True)


async def test_the_data_api_is_used_with_url_and_key(bare_pulser: Pulser) -> None:
    """SUPABASE_URL and a key lead to PostgREST, here to nobody."""
    result = await bare_pulser(
        "ledger", "list", SUPABASE_URL="http://127.0.0.1:9", SUPABASE_SERVICE_ROLE_KEY="sentinel-key"
    )
    assert (result.exit_code, result.stderr.startswith("Error: the database does not answer")) == (1, True)


@pytest.mark.parametrize(
    "command", [["ledger", "list"], ["emit", "ci.passed"], ["routes", "diff"], ["routes", "explain", "x"]]
)
async def test_a_database_that_is_away_is_one_line(bare_pulser: Pulser, command: list[str]) -> None:
    """Exit code 1, one line, no traceback, no password."""
    result = await bare_pulser(*command, "--database-url", NOWHERE)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "sentinel-password" not in result.output


async def test_what_is_no_url_is_refused(bare_pulser: Pulser) -> None:
    """Another scheme is wrong use, and what was given is not repeated: it may hold a password."""
    result = await bare_pulser("ledger", "list", "--database-url", "mysql://root:sentinel-password@h/d")
    assert (result.exit_code, "sentinel-password" in result.output) == (2, False)


async def test_a_database_without_pulser_is_named(bare_pulser: Pulser, plain_database_url: str) -> None:
    """Where the migrations are missing, the remedy is to apply them."""
    result = await bare_pulser("ledger", "list", "--database-url", plain_database_url)
    assert (result.exit_code, "apply the migrations first" in result.stderr) == (1, True)


async def test_what_the_database_refuses_is_told(bare_pulser: Pulser, database_url: str) -> None:
    """A database that is not there is said in the server's words, without the address."""
    missing = urlsplit(database_url)._replace(path="/nowhere").geturl()
    result = await bare_pulser("ledger", "list", "--database-url", missing)
    assert (result.exit_code, result.stderr) == (1, 'Error: database "nowhere" does not exist\n')
