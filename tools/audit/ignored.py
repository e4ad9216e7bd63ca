"""The vulnerabilities that are left alone for a while, each with its reason and its end. Pure."""

from __future__ import annotations

import tomllib
from datetime import date

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tools.audit import IgnoredError


class Ignored(BaseModel):
    """One entry `[[ignored]]`: it counts up to and including the day `until`."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    id: str = Field(min_length=1)
    package: str = Field(min_length=1)
    reason: str = Field(min_length=10)
    until: date


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ignored: tuple[Ignored, ...] = ()


def read_ignored(text: str) -> tuple[Ignored, ...]:
    """The entries. Raises IgnoredError for what is no TOML, and for one without package, reason or end."""
    try:
        return _File.model_validate(tomllib.loads(text)).ignored
    except tomllib.TOMLDecodeError as error:
        raise IgnoredError(str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise IgnoredError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
