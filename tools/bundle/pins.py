"""Which packages a function needs, and in which version: its requirements followed through the lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tools.bundle import BundleError
from tools.bundle.container import PYTHON

# Where a bundle runs, wherever it was made. A pin keeps its own marker, so pip decides the rest.
TARGET = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": f"{PYTHON}.0",
    "python_version": PYTHON,
    "sys_platform": "linux",
}

Requires = Callable[[str], Iterable[str]]


def read_lock(text: str) -> dict[str, str]:
    """Each package's name → its line of requirements.txt, with the marker."""
    return {canonicalize_name(line.partition("==")[0]): line for line in text.splitlines() if "==" in line}


def pins_for(needed: Iterable[str], lock: Mapping[str, str], requires: Requires) -> list[str]:
    """The lines of the lock for what is needed, and for what that needs in turn, by name.

    `requires` tells what a package of this name requires. Raises BundleError for what the lock does not have.
    """
    extras_of: dict[str, set[str]] = {}
    waiting = [Requirement(it) for it in needed]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in lock:
            raise BundleError(f"requirements.txt has no {name}, which {requirement} names; `make lock` writes it anew")
        wanted = {"", *requirement.extras}
        known = extras_of.setdefault(name, set())
        if not wanted <= known:
            known |= wanted
            waiting += _of_extras(requires(name), known)
    return [lock[name] for name in sorted(extras_of)]


def _of_extras(lines: Iterable[str], extras: Iterable[str]) -> list[Requirement]:
    """What a package requires on the target with these extras; "" stands for none."""
    environments = [{**TARGET, "extra": extra} for extra in extras]
    requirements = [Requirement(line) for line in lines]
    return [it for it in requirements if it.marker is None or any(map(it.marker.evaluate, environments))]


def requires_of_installed(lock: Mapping[str, str]) -> Requires:
    """What the packages of this environment say that they require. It must be the environment of the lock."""

    def requires(name: str) -> list[str]:
        pinned = lock[name].partition("==")[2].partition(";")[0].strip()
        try:
            found = distribution(name)
        except PackageNotFoundError as error:
            raise BundleError(f"{name} is in requirements.txt and is not installed; `make install` does it") from error
        if found.version != pinned:
            raise BundleError(f"{name} {found.version} is installed, requirements.txt has {pinned}; `make install`")
        return found.requires or []

    return requires
