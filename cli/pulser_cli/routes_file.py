"""The file `ssot/integrations/slack/pulser.yaml`: found, read, checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, field_validator, model_validator

from notify_dispatch.route import Route, explain_invalid
from pulser.errors import PulserError
from pulser_cli.canary_file import FileCanary
from pulser_cli.reminders_file import DEFAULT, Reminders
from pulser_cli.services_file import FileService, checked

PLACE = Path("ssot/integrations/slack/pulser.yaml")
STEP = 10  # between the positions of two routes
Reason = Annotated[str, StringConstraints(min_length=1)]


class RoutesFileError(PulserError):
    """The file cannot be used; the text is "file:place: what is wrong", one a line."""


class FileRoute(Route):
    """A route as the file has it: its place in the list is its position, and a typing error is no condition."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="after")
    def _says_nothing_in_vain(self) -> FileRoute:
        if "position" in self.model_fields_set:
            raise ValueError("the order of the list is the position: leave it out")
        ignored = {"event_pattern", "minimum_severity", "service", "environment", "continue_"} & self.model_fields_set
        if self.is_default and ignored:
            raise ValueError(f"the default route is never skipped, so it cannot have {', '.join(sorted(ignored))}")
        return self

    def at(self, position: int) -> Route:
        """The route at its place, as the database holds it."""
        severity = {"minimum_severity": "error"} if self.is_default else {}
        return Route.model_validate(self.model_dump() | severity | {"position": position})


class Scopes(BaseModel):
    """Slack's OAuth scopes of the bot and of the app-level token, each with its reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bot: dict[str, Reason] = {}
    app: dict[str, Reason] = {}


class RoutesFile(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    routes: tuple[FileRoute, ...] = ()
    services: tuple[FileService, ...] = ()
    reminders: Reminders = DEFAULT
    scopes: Scopes = Scopes()
    canary: FileCanary | None = None

    @field_validator("routes")
    @classmethod
    def _one_default_and_no_name_twice(cls, routes: tuple[FileRoute, ...]) -> tuple[FileRoute, ...]:
        twice = [name for name, count in Counter(route.name for route in routes).items() if count > 1]
        if twice:
            raise ValueError(f"the name {twice[0]!r} occurs twice")
        if [route.is_default for route in routes].count(True) != 1:
            raise ValueError("exactly one route must have is_default: true, for the errors that no other route takes")
        return routes

    @field_validator("services")
    @classmethod
    def _no_service_twice(cls, services: tuple[FileService, ...]) -> tuple[FileService, ...]:
        checked(services)
        return services

    @model_validator(mode="after")
    def _the_canary_is_alone(self) -> RoutesFile:
        if self.canary is not None and any(route.channel == self.canary.channel for route in self.routes):
            raise ValueError(f"canary: a route posts to {self.canary.channel}; the canary wants a channel of its own")
        return self

    def positioned(self) -> list[Route]:
        """The routes in their order, with positions."""
        return [route.at(STEP * place) for place, route in enumerate(self.routes, start=1)]


def find(start: Path) -> Path:
    """The file in `start` or a folder above it, else the one of the checkout that this command is of."""
    for folder in (start, *start.parents, *Path(__file__).resolve().parents):
        if (folder / PLACE).is_file():
            return folder / PLACE
    raise RoutesFileError(f"{PLACE}: not found here nor above; name the file")


def load(path: Path, *, needs_routes: bool = True) -> RoutesFile:
    """The checked content of the file, which may have services alone. Raises RoutesFileError."""
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506  a SafeLoader, see below
        if not isinstance(content, dict):
            raise RoutesFileError(
                f"{path}: holds no keys; it needs at least {'routes' if needs_routes else 'services'}"
            )
        file = RoutesFile.model_validate(content)
    except OSError as error:
        raise RoutesFileError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise RoutesFileError(f"{path}: is not UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = f"{error.problem_mark.line + 1}:" if error.problem_mark else ""
        raise RoutesFileError(f"{path}:{line} {error.problem}") from None
    except yaml.YAMLError as error:
        raise RoutesFileError(f"{path}: {str(error).splitlines()[0]}") from None
    except ValidationError as error:
        problems = explain_invalid(error).split("; ")
        raise RoutesFileError("\n".join(f"{path}:{problem}" for problem in problems)) from None
    if needs_routes and "routes" not in content:
        raise RoutesFileError(f"{path}:routes: is missing")
    return file


class _Loader(yaml.SafeLoader):
    """YAML in which a key that occurs twice is an error, not the later value."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, Hashable) and key in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key!r} occurs twice", problem_mark=key_node.start_mark)
            seen.add(key if isinstance(key, Hashable) else id(key_node))
        return super().construct_mapping(node, deep)
