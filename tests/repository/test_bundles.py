"""What `make bundle` puts into a folder. That it installs and serves is tests/acceptance/test_bundles.py."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.repository.tree import FUNCTION_FOLDERS, ROOT, name_of, tracked
from tools.bundle import BundleError
from tools.bundle.__main__ import main
from tools.bundle.folder import make_bundle

NAMES = [it.name for it in FUNCTION_FOLDERS]


@pytest.fixture(scope="module", params=NAMES)
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each function's bundle in turn."""
    target = tmp_path_factory.mktemp("bundles") / str(request.param)
    make_bundle(ROOT, target.name, target)
    return target


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """What bundles are made of, in another place, written just now by somebody whose files nobody else may read."""
    root = tmp_path / "another place"
    before = os.umask(0o077)
    try:
        for path in tracked():
            if name_of(path).startswith(("functions/", "shared/", "requirements.txt")):
                there = root / name_of(path)
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, there)
        yield root
    finally:
        os.umask(before)


def package_of(bundle: Path) -> str:
    """The name of the function's package."""
    return bundle.name.replace("-", "_")


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Each file and folder with its mode and its bytes."""
    return {
        it.relative_to(folder).as_posix(): (it.stat().st_mode, it.read_bytes() if it.is_file() else b"")
        for it in folder.rglob("*")
    }


def instructions(bundle: Path, word: str) -> list[str]:
    """What stands behind this word in the Dockerfile."""
    return re.findall(rf"^{word} (.*)$", (bundle / "Dockerfile").read_text(), re.MULTILINE)


def test_a_bundle_has_what_it_needs_and_no_more(bundle: Path) -> None:
    """These files and folders stand in it."""
    texts = {".dockerignore", "Dockerfile", "Procfile", "README.md", "requirements.txt"}
    assert {it.name for it in bundle.iterdir()} == {*texts, "main.py", "wheels", package_of(bundle)}


def test_a_bundle_has_the_function_as_it_is(bundle: Path) -> None:
    """main.py and each file of the package that is in git, unchanged."""
    source = ROOT / "functions" / bundle.name
    code = {it.relative_to(source) for it in tracked() if it.is_relative_to(source) and it.suffix == ".py"}
    assert {it.relative_to(bundle) for it in bundle.rglob("*.py")} == code
    assert [it for it in code if (bundle / it).read_bytes() != (source / it).read_bytes()] == []


def test_the_wheel_is_the_library_alone(bundle: Path) -> None:
    """Each file of shared/pulser that is in git, and the wheel's own description: no local/, no cli/."""
    (wheel,) = (bundle / "wheels").iterdir()
    files = {it for it in ZipFile(wheel).namelist() if ".dist-info/" not in it}
    assert files == {
        name_of(it).removeprefix("shared/") for it in tracked() if name_of(it).startswith("shared/pulser/")
    }


def test_what_lies_about_is_not_deployed(copy: Path) -> None:
    """A file that is no code stays where it is: it may be somebody's key."""
    (copy / "functions" / "notify-dispatch" / "notify_dispatch" / ".env").write_text("SUPABASE_DB_URL=…")
    (copy / "shared" / "pulser" / "key.json").write_text("{}")
    target = copy / "build" / "notify-dispatch"
    make_bundle(copy, target.name, target)
    (wheel,) = (target / "wheels").iterdir()
    assert not list(target.rglob(".env"))
    assert "pulser/key.json" not in ZipFile(wheel).namelist()


def test_two_bundles_have_the_same_bytes(bundle: Path, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made elsewhere, later, by somebody else from the same files: names, modes and bytes are the same."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    target = copy / "build" / bundle.name
    make_bundle(copy, bundle.name, target)
    assert contents(target) == contents(bundle)


def test_every_user_of_an_image_can_read_a_bundle(bundle: Path) -> None:
    """Files are 644, folders 755, the bundle itself too."""
    found = {(it.is_dir(), it.stat().st_mode & 0o777) for it in (bundle, *bundle.rglob("*"))}
    assert found == {(True, 0o755), (False, 0o644)}


def test_a_bundle_that_fails_leaves_the_last_one(copy: Path) -> None:
    """The folder is replaced when the new one is whole, and nothing of the attempt stays."""
    target = copy / "build" / "notify-dispatch"
    make_bundle(copy, target.name, target)
    before = contents(target)
    (copy / "requirements.txt").write_text("aiohttp==1\n")
    with pytest.raises(BundleError, match=r"requirements\.txt"):
        make_bundle(copy, target.name, target)
    assert contents(target) == before
    assert [it.name for it in target.parent.iterdir()] == [target.name]


@pytest.mark.parametrize(("words", "names"), [(["bundle", "FN=socket-relay"], ["socket-relay"]), (["bundles"], NAMES)])
def test_make_runs_the_tool(words: list[str], names: list[str]) -> None:
    """`make bundle FN=…` makes one bundle, `make bundles` makes all."""
    # What a make that runs the tests hands on would have this one talk of folders.
    environment = {
        name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    }
    made = subprocess.run(["make", "-n", *words], cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    said = made.stdout
    assert said.splitlines()[-1] == f".venv/bin/python -m tools.bundle {' '.join(names)}"


def test_an_unknown_function_is_an_error() -> None:
    """The command names it and ends with an error."""
    assert main(["no-such-function"]) == "no-such-function: there is no function no-such-function"


def test_a_requirement_is_a_line_of_the_lock_or_the_wheel(bundle: Path) -> None:
    """Versions without addresses, and the library from the bundle itself, last."""
    *pins, library = (bundle / "requirements.txt").read_text().splitlines()
    assert set(pins) <= set((ROOT / "requirements.txt").read_text().splitlines())
    assert [f"./wheels/{it.name}" for it in (bundle / "wheels").iterdir()] == [library]


def test_the_image_starts_what_the_procfile_starts(bundle: Path) -> None:
    """CMD is in exec form, so that SIGTERM reaches the server, and equals the Procfile's command."""
    (command,) = instructions(bundle, "CMD")
    assert f"web: {shlex.join(json.loads(command))}\n" == (bundle / "Procfile").read_text()


def test_the_image_has_all_code_and_only_what_is_there(bundle: Path) -> None:
    """What is copied into the image is there, goes where it is looked for, and is all that is needed to run."""
    copied = [it.split() for it in instructions(bundle, "COPY")]
    assert [source for source, _ in copied if not (bundle / source).exists()] == []
    assert [(source, there) for source, there in copied if there not in ("./", source)] == []
    assert {source for source, _ in copied} == {"requirements.txt", "wheels/", "main.py", f"{package_of(bundle)}/"}


def test_the_builder_is_sent_what_the_image_copies(bundle: Path) -> None:
    """.dockerignore keeps out all but what is copied."""
    first, *others = (bundle / ".dockerignore").read_text().splitlines()
    let_in = [it.removeprefix("!") for it in others if it.startswith("!")]
    assert first == "*"
    assert sorted(let_in) == sorted(it.split()[0].rstrip("/") for it in instructions(bundle, "COPY"))
    assert [it for it in others if not it.startswith("!") and any(fnmatch(name, it) for name in let_in)] == []


def test_the_image_runs_as_nobody_of_note(bundle: Path) -> None:
    """The last user is a number that is not root's, so that a host which insists on that can see it."""
    *_, user = instructions(bundle, "USER")
    assert int(user) >= 1000


def test_the_image_has_the_python_that_is_tested(bundle: Path) -> None:
    """The slim image of the oldest Python that the project takes, as CI has it, and no build tools in it."""
    (oldest,) = re.findall(r'^requires-python = ">=(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert instructions(bundle, "FROM") == [f"python:{oldest}-slim"]
    assert not re.search(r"\bapt|\bgcc|build-essential", (bundle / "Dockerfile").read_text())
