"""What a call brings, as PostgREST reads it. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from pulser_local.gateway import refusals

JSON = "application/json"
# A body of another type is for a function of one unnamed parameter. Ours take JSON: no such function is looked for.
OTHER_TYPES = {"text/plain": "text", "text/xml": "xml", "application/octet-stream": "bytea"}


@dataclass(frozen=True, slots=True)
class Body:
    """A body that is JSON: its text, and the names in it; of an array of objects PostgREST calls with the first."""

    text: str
    named_text: str
    names: tuple[str, ...]


def read_body(raw: bytes) -> Body:
    """Raises Refusal when it is no JSON, or an array whose members are not objects of the same names."""
    if not raw:
        return Body("{}", "{}", ())
    try:
        text = raw.decode()
        value = json.loads(text, parse_constant=_refuse_constant)
        if r"\ud" in text.lower():
            json.dumps(
                value, ensure_ascii=False
            ).encode()  # half a pair of surrogates is no text, though Python takes it
    except (ValueError, RecursionError) as error:
        raise refusals.bad_json() from error
    if isinstance(value, list) and value:
        return _of_array(text, value)
    return Body(text, text, tuple(value) if isinstance(value, dict) else ())


def _of_array(text: str, members: list[Any]) -> Body:
    if not all(isinstance(it, dict) and it.keys() == members[0].keys() for it in members):
        raise refusals.bad_array()
    return Body(text, json.dumps(members[0]), tuple(members[0]))


def check_content_type(content_type: str, schema: str, function: str) -> None:
    """Raises Refusal for anything but JSON; no type at all is bytes."""
    kind = content_type.partition(";")[0].strip().lower() or "application/octet-stream"
    if kind in OTHER_TYPES:
        raise refusals.unknown_function_of_one(schema, function, OTHER_TYPES[kind])
    if kind != JSON:
        raise refusals.bad_content_type(kind)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")  # Python would take NaN and Infinity
