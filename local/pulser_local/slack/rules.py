"""Small rules from which the shapes of Block Kit are put together.

A rule takes a value and its JSON pointer, and yields the problems in Slack's words. Characters are counted
as Python counts them (code points), as slack_sdk does; Slack does not say how it counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Rule = Callable[[object, str], Iterator[str]]


def problem(words: str, pointer: str) -> str:
    """One problem at one place."""
    return f"{words} [json-pointer:{pointer}]"


def string(most: int, *, least: int = 1) -> Rule:
    """A string of `least` to `most` characters."""

    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield problem("must be a string", pointer)
        elif len(value) > most:
            yield problem(f"must be less than {most + 1} characters", pointer)
        elif len(value) < least:
            yield problem(f"must be more than {least - 1} characters", pointer)

    return check


def boolean(value: object, pointer: str) -> Iterator[str]:
    """true or false."""
    if not isinstance(value, bool):
        yield problem("must be a boolean", pointer)


def integer(value: object, pointer: str) -> Iterator[str]:
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        yield problem("must be an integer", pointer)


def json_object(value: object, pointer: str) -> Iterator[str]:
    """Any object: for the parts of Block Kit whose inside is not modelled."""
    if not isinstance(value, dict):
        yield problem("must be an object", pointer)


def choice(*values: str) -> Rule:
    """One of a few words."""

    def check(value: object, pointer: str) -> Iterator[str]:
        if value not in values:
            yield problem(f"must be one of: {', '.join(values)}", pointer)

    return check


def items(rule: Rule, most: int, *, least: int = 1) -> Rule:
    """An array of `least` to `most` items, each of which keeps the rule."""

    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield problem("must be an array", pointer)
            return
        if len(value) > most:
            yield problem(f"no more than {most} items allowed", pointer)
        if len(value) < least:
            yield problem(f"no fewer than {least} items allowed", pointer)
        for index, item in enumerate(value):
            yield from rule(item, f"{pointer}/{index}")

    return check


def shape(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None) -> Rule:
    """An object with these fields beside `type` and no others."""
    known = {**(optional or {}), **required}

    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must be an object", pointer)
            return
        for name in required:
            if name not in value:
                yield problem(f"missing required field: {name}", pointer)
        for name, field in value.items():
            if name in known:
                yield from known[name](field, f"{pointer}/{name}")
            elif name != "type":
                yield problem(f"invalid additional property: {name}", pointer)

    return check


def kinds(by_type: Mapping[str, Rule]) -> Rule:
    """An object whose `type` tells which rule it keeps."""

    def check(value: object, pointer: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must be an object", pointer)
        elif "type" not in value:
            yield problem("missing required field: type", pointer)
        elif not isinstance(value["type"], str) or value["type"] not in by_type:
            yield problem(f"unsupported type: {value['type']}", f"{pointer}/type")
        else:
            yield from by_type[value["type"]](value, pointer)

    return check


def one_of_fields(rule: Rule, *names: str) -> Rule:
    """The rule, and at least one of the named fields."""
    words = " or ".join(f"`{name}`" for name in names)

    def check(value: object, pointer: str) -> Iterator[str]:
        if isinstance(value, dict) and not any(value.get(name) for name in names):
            yield problem(f"must define either {words}", pointer)
        yield from rule(value, pointer)

    return check


def unique(rule: Rule, name: str) -> Rule:
    """The rule, for an array in which no two items have the same `name`."""

    def check(value: object, pointer: str) -> Iterator[str]:
        seen: set[Any] = set()
        for index, item in enumerate(value if isinstance(value, list) else []):
            label = item.get(name) if isinstance(item, dict) else None
            if not isinstance(label, str):
                continue
            if label in seen:
                yield problem(f"`{name}` {label} already exists", f"{pointer}/{index}/{name}")
            seen.add(label)
        yield from rule(value, pointer)

    return check


def text(most: int, *, plain: bool = False) -> Rule:
    """A text object; `plain` forbids mrkdwn."""
    body = string(most)
    allowed = {"plain_text": shape({"text": body}, {"emoji": boolean})}
    if not plain:
        allowed["mrkdwn"] = shape({"text": body}, {"verbatim": boolean})
    return kinds(allowed)
