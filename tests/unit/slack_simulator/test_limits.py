"""Each limit of Block Kit: what just fits is taken, one more is refused, and the place is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulser_local.slack import shapes, validation
from pulser_local.slack.errors import SlackError

Json = dict[str, Any]
Build = Callable[[int], Json]


def plain(length: int) -> Json:
    return {"type": "plain_text", "text": "x" * length}


def mrkdwn(length: int) -> Json:
    return {"type": "mrkdwn", "text": "x" * length}


def section(**fields: object) -> Json:
    return {"type": "section", **fields}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def button(**fields: object) -> Json:
    return {"type": "button", "text": plain(1), **fields}


def option(text: int = 1, value: int = 1, **fields: object) -> Json:
    return {"text": plain(text), "value": "v" * value, **fields}


def confirm(**fields: object) -> Json:
    return {"title": plain(1), "text": plain(1), "confirm": plain(1), "deny": plain(1), **fields}


def select(**fields: object) -> Json:
    return {"type": "static_select", **fields}


def image(**fields: object) -> Json:
    return {"type": "image", "image_url": "https://example.test/i.png", "alt_text": "x", **fields}


def asked(**fields: object) -> Json:
    return {"type": "input", "label": plain(1), "element": {"type": "plain_text_input"}, **fields}


def table(rows: int = 1, columns: int = 1, text: int = 1) -> Json:
    cell = {"type": "raw_text", "text": "x" * text}
    return {"type": "table", "rows": [[cell] * columns] * rows}


BLOCK_LIMITS: list[tuple[str, int, Build, str]] = [
    ("section text", 3000, lambda n: section(text=mrkdwn(n)), "/text/text"),
    ("section fields", 10, lambda n: section(fields=[mrkdwn(1)] * n), "/fields"),
    ("section field text", 2000, lambda n: section(fields=[mrkdwn(n)]), "/fields/0/text"),
    ("header text", 150, lambda n: {"type": "header", "text": plain(n)}, "/text/text"),
    ("context elements", 10, lambda n: {"type": "context", "elements": [mrkdwn(1)] * n}, "/elements"),
    ("context text", 3000, lambda n: {"type": "context", "elements": [mrkdwn(n)]}, "/elements/0/text"),
    ("actions elements", 25, lambda n: actions(*[button()] * n), "/elements"),
    ("button text", 75, lambda n: actions(button(text=plain(n))), "/elements/0/text/text"),
    ("button value", 2000, lambda n: actions(button(value="x" * n)), "/elements/0/value"),
    ("button url", 3000, lambda n: actions(button(url="x" * n)), "/elements/0/url"),
    ("action_id", 255, lambda n: actions(button(action_id="x" * n)), "/elements/0/action_id"),
    (
        "accessibility_label",
        75,
        lambda n: actions(button(accessibility_label="x" * n)),
        "/elements/0/accessibility_label",
    ),
    ("block_id", 255, lambda n: section(text=plain(1), block_id="x" * n), "/block_id"),
    (
        "confirm title",
        100,
        lambda n: actions(button(confirm=confirm(title=plain(n)))),
        "/elements/0/confirm/title/text",
    ),
    (
        "confirm text",
        300,
        lambda n: actions(button(confirm=confirm(text=plain(n)))),
        "/elements/0/confirm/text/text",
    ),
    (
        "confirm confirm",
        30,
        lambda n: actions(button(confirm=confirm(confirm=plain(n)))),
        "/elements/0/confirm/confirm/text",
    ),
    (
        "confirm deny",
        30,
        lambda n: actions(button(confirm=confirm(deny=plain(n)))),
        "/elements/0/confirm/deny/text",
    ),
    (
        "overflow options",
        5,
        lambda n: actions({"type": "overflow", "options": [option()] * n}),
        "/elements/0/options",
    ),
    ("option text", 75, lambda n: actions(select(options=[option(n)])), "/elements/0/options/0/text/text"),
    ("option value", 150, lambda n: actions(select(options=[option(1, n)])), "/elements/0/options/0/value"),
    ("select options", 100, lambda n: actions(select(options=[option()] * n)), "/elements/0/options"),
    (
        "select groups",
        100,
        lambda n: actions(select(option_groups=[{"label": plain(1), "options": [option()]}] * n)),
        "/elements/0/option_groups",
    ),
    ("input label", 2000, lambda n: asked(label=plain(n)), "/label/text"),
    ("input hint", 2000, lambda n: asked(hint=plain(n)), "/hint/text"),
    ("markdown", 12000, lambda n: {"type": "markdown", "text": "x" * n}, "/text"),
    ("table columns", 20, lambda n: table(columns=n), "/rows/0"),
    ("table rows", 100, lambda n: table(rows=n), "/rows"),
    ("table cell", 2000, lambda n: table(text=n), "/rows/0/0/text"),
    ("image alt_text", 2000, lambda n: image(alt_text="x" * n), "/alt_text"),
    ("image title", 2000, lambda n: image(title=plain(n)), "/title/text"),
]

VIEW_LIMITS: list[tuple[str, int, Build, str]] = [
    ("title", 24, lambda n: {"title": plain(n)}, "/title/text"),
    ("submit", 24, lambda n: {"submit": plain(n)}, "/submit/text"),
    ("close", 24, lambda n: {"close": plain(n)}, "/close/text"),
    ("blocks", 100, lambda n: {"blocks": [{"type": "divider"}] * n}, "/blocks"),
    ("private_metadata", 3000, lambda n: {"private_metadata": "x" * n}, "/private_metadata"),
    ("callback_id", 255, lambda n: {"callback_id": "x" * n}, "/callback_id"),
]


def problems_of(*blocks: Json) -> tuple[str, ...]:
    try:
        validation.check_blocks(list(blocks))
    except SlackError as error:
        return error.problems
    return ()


@pytest.mark.parametrize(("name", "most", "build", "_place"), BLOCK_LIMITS, ids=[row[0] for row in BLOCK_LIMITS])
def test_as_much_as_fits_is_taken(name: str, most: int, build: Build, _place: str) -> None:
    """A block that just keeps the limit is valid."""
    assert problems_of(build(most)) == (), name


@pytest.mark.parametrize(("name", "most", "build", "place"), BLOCK_LIMITS, ids=[row[0] for row in BLOCK_LIMITS])
def test_one_more_is_refused(name: str, most: int, build: Build, place: str) -> None:
    """One more than the limit is refused, and the pointer names the place."""
    (found,) = problems_of({"type": "divider"}, build(most + 1))
    words = f"must be less than {most + 1} characters"
    if not place.endswith(("fields", "elements", "options", "option_groups", "rows", "rows/0")):
        assert found == f"{words} [json-pointer:/blocks/1{place}]", name
    else:
        assert found == f"no more than {most} items allowed [json-pointer:/blocks/1{place}]", name


@pytest.mark.parametrize(("name", "most", "build", "place"), VIEW_LIMITS, ids=[row[0] for row in VIEW_LIMITS])
def test_limits_of_a_modal(name: str, most: int, build: Build, place: str) -> None:
    """A modal takes what just fits and refuses one more at the named place."""
    modal: Json = {"type": "modal", "title": plain(1), "blocks": []}
    assert validation.view_problems(modal | build(most)) == [], name
    (found,) = validation.view_problems(modal | build(most + 1))
    assert found.endswith(f"[json-pointer:/view{place}]")


def test_fifty_blocks_fit() -> None:
    """A message takes 50 blocks and no more."""
    assert problems_of(*[{"type": "divider"}] * 50) == ()
    assert problems_of(*[{"type": "divider"}] * 51) == ("no more than 50 items allowed [json-pointer:/blocks]",)


def test_select_takes_a_hundred_options_in_each_group() -> None:
    """A group of a select holds 100 options and no more."""
    group = {"label": plain(1), "options": [option()] * 101}
    (found,) = problems_of(actions(select(option_groups=[group])))
    assert found.startswith("no more than 100 items allowed")


def test_markdown_blocks_share_their_limit() -> None:
    """All markdown blocks of a message together have 12,000 characters."""
    half = {"type": "markdown", "text": "x" * 6000}
    assert problems_of(half, half) == ()
    assert len(problems_of(half, half, {"type": "markdown", "text": "x"})) == 1


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ({}, "missing required field: type [json-pointer:/blocks/0]"),
        ({"type": "marquee"}, "unsupported type: marquee [json-pointer:/blocks/0/type]"),
        ({"type": ["section"]}, "unsupported type: ['section'] [json-pointer:/blocks/0/type]"),
        ({"type": "section"}, "must define either `text` or `fields` [json-pointer:/blocks/0]"),
        ({"type": "header"}, "missing required field: text [json-pointer:/blocks/0]"),
        (section(text=plain(0)), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        (section(text="words"), "must be an object [json-pointer:/blocks/0/text]"),
        (section(text=plain(1), colour="red"), "invalid additional property: colour [json-pointer:/blocks/0]"),
        ({"type": "header", "text": mrkdwn(1)}, "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]"),
        (actions(), "no fewer than 1 items allowed [json-pointer:/blocks/0/elements]"),
        (
            actions(button(style="blue")),
            "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]",
        ),
        (
            actions({"type": "image", "image_url": "u", "alt_text": "x"}),
            "unsupported type: image [json-pointer:/blocks/0/elements/0/type]",
        ),
        (actions(select()), "must define either `options` or `option_groups` [json-pointer:/blocks/0/elements/0]"),
        ({"type": "actions", "elements": {}}, "must be an array [json-pointer:/blocks/0/elements]"),
        (
            actions(button(action_id="a"), button(action_id="a")),
            "`action_id` a already exists [json-pointer:/blocks/0/elements/1/action_id]",
        ),
        (
            actions({"type": "external_select", "min_query_length": "1"}),
            "must be an integer [json-pointer:/blocks/0/elements/0/min_query_length]",
        ),
        (
            actions({"type": "conversations_select", "filter": "im"}),
            "must be an object [json-pointer:/blocks/0/elements/0/filter]",
        ),
        (section(text=plain(1), fields=[]), "no fewer than 1 items allowed [json-pointer:/blocks/0/fields]"),
        (section(text=plain(1), expand=1), "must be a boolean [json-pointer:/blocks/0/expand]"),
        (section(text={"type": "mrkdwn", "text": 5}), "must be a string [json-pointer:/blocks/0/text/text]"),
    ],
)
def test_malformed_blocks_are_named(block: Json, problem: str) -> None:
    """A malformed block gives one problem in Slack's words with its place."""
    assert problems_of(block) == (problem,)


def test_every_failing_block_is_named() -> None:
    """Problems of several blocks are all told."""
    found = problems_of({"type": "header"}, {"type": "divider"}, {"type": "header"})
    assert [line.rpartition("/")[2] for line in found] == ["0]", "2]"]


def test_block_ids_are_unique() -> None:
    """Two blocks of one block_id are refused."""
    twin = {"type": "divider", "block_id": "b"}
    assert problems_of(twin, twin) == ("`block_id` b already exists [json-pointer:/blocks/1/block_id]",)


@pytest.mark.parametrize("kind", sorted(shapes.ELEMENTS))
def test_elements_may_be_simple(kind: str) -> None:
    """Each interactive element is valid with what it needs and no more."""
    needs: Json = {"button": {"text": plain(1)}}.get(kind, {})
    if kind in {"overflow", "static_select", "multi_static_select", "checkboxes", "radio_buttons"}:
        needs = {"options": [option()]}
    assert problems_of(actions({"type": kind, **needs})) == ()
