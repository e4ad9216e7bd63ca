"""The arguments of a call: from the query, a form or a JSON body, whichever the client sends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from aiohttp import web

from pulser_local.slack.errors import SlackError
from pulser_local.slack.rules import problem
from pulser_local.slack.workspace import Json

_TRUE = frozenset({True, "true", "1"})


@dataclass(frozen=True, slots=True)
class Arguments:
    """The named arguments of one call, and the token it came with ("" when it came with none)."""

    values: Json
    token: str = ""
    token_in_header: bool = True

    def text(self, name: str, default: str = "") -> str:
        """An argument as a string; numbers are taken as Slack takes them."""
        value = self.values.get(name)
        return default if value is None else str(value)

    def required(self, *names: str) -> tuple[str, ...]:
        """Several arguments as strings; SlackError invalid_arguments names the missing ones."""
        missing = [name for name in names if not self.text(name)]
        if missing:
            problems = [problem(f"missing required field: {name}", f"/{name}") for name in missing]
            raise SlackError("invalid_arguments", problems)
        return tuple(self.text(name) for name in names)

    def flag(self, name: str) -> bool:
        """An argument as true or false: slack_sdk sends 1 and 0, others true and false."""
        value = self.values.get(name)
        return isinstance(value, bool | str | int) and value in _TRUE

    def page_size(self, default: int, most: int) -> int:
        """The argument `limit`; SlackError invalid_limit when it is not in 1 … most."""
        try:
            limit = int(self.text("limit", str(default)))
        except ValueError:
            raise SlackError("invalid_limit") from None
        if not 1 <= limit <= most:
            raise SlackError("invalid_limit")
        return limit

    def moment(self, name: str) -> Decimal | None:
        """A timestamp, exactly; SlackError invalid_ts_<name> when it is none."""
        value = self.text(name)
        if not value:
            return None
        try:
            moment = Decimal(value)
        except InvalidOperation:
            raise SlackError(f"invalid_ts_{name}") from None
        if not moment.is_finite():
            raise SlackError(f"invalid_ts_{name}")
        return moment

    def objects(self, name: str, *, refusal: str) -> list[Json] | None:
        """A list of objects, as JSON or as a string of it; None when it was not given."""
        value = self._decoded(name, refusal)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise SlackError(refusal)
        return value

    def object(self, name: str, *, refusal: str) -> Json | None:
        """One object, as JSON or as a string of it; None when it was not given."""
        value = self._decoded(name, refusal)
        if value is not None and not isinstance(value, dict):
            raise SlackError(refusal)
        return value

    def _decoded(self, name: str, refusal: str) -> Any:  # noqa: ANN401 - what a client sent may be anything
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return _parsed(value) if value else None
        except (ValueError, RecursionError):
            raise SlackError(refusal) from None


def _parsed(text: str | bytes) -> Any:  # noqa: ANN401 - JSON may be anything
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


async def read_arguments(request: web.Request) -> Arguments:
    """Read what the request carries. SlackError for a body that is not what its content type says."""
    values: Json = dict(request.query)
    if request.method == "POST":
        values |= await _body(request)
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return Arguments(values, token.strip())
    # Slack takes the token as a form field too, but not in a JSON body.
    in_form = request.content_type != "application/json"
    return Arguments(values, str(values.get("token", "")) if in_form else "", token_in_header=False)


async def _body(request: web.Request) -> Json:
    if request.content_type == "application/json":
        # slack_sdk sends no body with this type where a call has no arguments.
        try:
            body = _parsed(await request.read() or b"{}")
        except (ValueError, RecursionError):
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        return body
    if request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        return dict(await request.post())
    if await request.read():
        raise SlackError("invalid_post_type")
    return {}
