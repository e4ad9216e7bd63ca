"""Puts a bundle together: the function as it stands in the repository, the library as a wheel, the texts, the pins."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tools.bundle import BundleError
from tools.bundle.container import readme_for, texts_for
from tools.bundle.library import build_wheel, requirements_of
from tools.bundle.pins import pins_for, read_lock, requires_of_installed

LIBRARY_LINE = "./shared"  # how a function's requirements.txt names the library


def make_bundle(root: Path, name: str, target: Path) -> None:
    """Make the folder `target` anew: the function `name` of the repository at `root`, ready to be deployed.

    Raises BundleError. What stood there before stays until the new one is whole.
    """
    source = root / "functions" / name
    if not (source / "main.py").is_file():
        raise BundleError(f"there is no function {name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=target.parent) as folder:
        made = Path(folder) / name
        _fill(made, root, source)
        _set_modes(made)
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)


def _fill(made: Path, root: Path, source: Path) -> None:
    package = source.name.replace("-", "_")
    for path in _code_of(source, package):
        copy = made / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    (made / "wheels").mkdir()
    wheel = build_wheel(root / "shared", made / "wheels")
    texts = texts_for(source.name, package)
    texts["requirements.txt"] = _requirements(root, source, wheel)
    texts["README.md"] = (source / "README.md").read_text(encoding="utf-8") + readme_for(source.name, package)
    for file, text in texts.items():
        (made / file).write_text(text, encoding="utf-8")


def _code_of(source: Path, package: str) -> Iterator[Path]:
    """main.py and the Python files of the package; no other file, so that none that lies about is deployed."""
    yield source / "main.py"
    yield from (source / package).rglob("*.py")


def _requirements(root: Path, source: Path, wheel: Path) -> str:
    lines = (source / "requirements.txt").read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    if LIBRARY_LINE not in named:
        raise BundleError(f"{source.name}/requirements.txt does not name the library: {LIBRARY_LINE}")
    own = [line for line in named if line != LIBRARY_LINE]
    lock = read_lock((root / "requirements.txt").read_text(encoding="utf-8"))
    pins = pins_for([*own, *requirements_of(wheel)], lock, requires_of_installed(lock))
    return "\n".join([*pins, f"./{wheel.parent.name}/{wheel.name}"]) + "\n"


def _set_modes(folder: Path) -> None:
    """The same for everyone: what is copied into an image keeps its mode, and the user there is another one."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
