"""Reads what is expected out of the checkout that this command is of, and out of the project's ssot/."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pulser.errors import PulserError
from pulser.http import VERSION
from pulser_cli import routes_file
from pulser_cli.doctor.expected import Expected, functions_of, jobs_of, tables_of, views_of
from pulser_local.migrations import MIGRATIONS, find_migrations

REGISTRY = Path("secrets/registry.yaml")  # in ssot/


class RegistryError(PulserError):
    """The registry of secrets cannot be used."""


def expected(start: Path) -> Expected:
    """What the checkout and the project that `start` is in want. Raises PulserError or LocalError, naming the file."""
    migrations = find_migrations(MIGRATIONS)
    texts = [it.path.read_text(encoding="utf-8") for it in migrations]
    place = routes_file.find(start)
    return Expected(
        migrations=tuple(it.version for it in migrations),
        jobs=jobs_of(texts),
        functions=functions_of(texts),
        tables=tables_of(texts),
        views=views_of(texts),
        secrets=_secrets(place.parents[2] / REGISTRY),
        bot_scopes=routes_file.load(place).scopes.bot,
        version=VERSION,
    )


def _secrets(file: Path) -> tuple[str, ...]:
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
        return tuple(str(it["name"]) for it in content["secrets"])
    except OSError as error:
        raise RegistryError(f"{file}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError):
        raise RegistryError(f"{file}: is no list of secrets with names") from None
