from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pulser_local.errors import LocalError
from pulser_local.run_file import RunFile

URLS = {"console_url": "http://127.0.0.1:7"}


def _left_behind(name: str) -> subprocess.Popen[bytes]:
    """A process with this name among its arguments, given back once it runs: before that `ps` may show none."""
    code = "import time; print('up', flush=True); time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", code, name], start_new_session=True, stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as lines:
        assert lines.readline() == b"up\n"
    return process


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    """dev.json holds a database password, so its mode is 0600."""
    run_file = RunFile(tmp_path)
    run_file.claim()
    run_file.write(URLS)
    assert run_file.path.stat().st_mode & 0o777 == 0o600
    run_file.release()


def test_it_names_process_and_urls(tmp_path: Path) -> None:
    """dev.json has the process id beside what was written."""
    run_file = RunFile(tmp_path)
    run_file.claim()
    run_file.write(URLS)
    assert json.loads((tmp_path / ".pulser" / "dev.json").read_text()) == {"pid": os.getpid(), **URLS}
    run_file.release()


def test_a_second_run_is_refused(tmp_path: Path) -> None:
    """While one run lives, another in the same folder is an error that says where the first one is."""
    first = RunFile(tmp_path)
    first.claim()
    first.write(URLS)
    with pytest.raises(LocalError, match=f"process {os.getpid()}, http://127.0.0.1:7"):
        RunFile(tmp_path).claim()
    first.release()


def test_a_run_may_follow_another(tmp_path: Path) -> None:
    """After the release nothing is left and the folder is free."""
    first, second = RunFile(tmp_path), RunFile(tmp_path)
    first.claim()
    first.write(URLS)
    first.release()
    assert not first.path.exists()
    second.claim()
    second.release()


def test_a_killed_run_leaves_no_claim(tmp_path: Path) -> None:
    """The file of a run that was killed is removed by the next one."""
    (tmp_path / ".pulser").mkdir()
    (tmp_path / ".pulser" / "dev.json").write_text(json.dumps({"pid": 1, **URLS}))
    run_file = RunFile(tmp_path)
    run_file.claim()
    assert not run_file.path.exists()
    run_file.release()


def test_a_function_left_by_a_killed_run_is_ended(tmp_path: Path) -> None:
    """The next run ends a function process that outlived its supervisor."""
    left = _left_behind("functions_framework")
    (tmp_path / ".pulser").mkdir()
    (tmp_path / ".pulser" / "dev.json").write_text(json.dumps({"pid": 1, "children": {"notify": left.pid}}))
    run_file = RunFile(tmp_path)
    run_file.claim()
    assert left.wait(timeout=10) == -signal.SIGKILL
    run_file.release()


def test_another_process_with_an_old_number_is_left_alone(tmp_path: Path) -> None:
    """A process that merely got the id of an old function is not touched."""
    other = _left_behind("something_else")
    (tmp_path / ".pulser").mkdir()
    (tmp_path / ".pulser" / "dev.json").write_text(json.dumps({"pid": 1, "children": {"notify": other.pid}}))
    run_file = RunFile(tmp_path)
    run_file.claim()
    assert other.poll() is None
    other.kill()
    other.wait(timeout=10)
    run_file.release()
