"""The limits of a whole message: its text, attachments, total length and metadata."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser_local.slack import Content, limits, validation
from pulser_local.slack.errors import SlackError

Json = dict[str, Any]


def refusal(content: Content) -> str | None:
    try:
        validation.check_content(content)
    except SlackError as error:
        return error.code
    return None


def sections(number: int, length: int) -> list[Json]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * length}}] * number


def metadata(**payload: object) -> Json:
    return {"event_type": "pulser_delivery", "event_payload": payload}


@pytest.mark.parametrize("text", ["", "  \n"])
def test_nothing_is_no_message(text: str) -> None:
    """A message without text, blocks and attachments is refused."""
    assert refusal(Content(text)) == "no_text"


@pytest.mark.parametrize(
    "content",
    [Content("x"), Content(blocks=[{"type": "divider"}]), Content(attachments=[{"text": "x"}])],
)
def test_any_content_is_enough(content: Content) -> None:
    """Text, blocks or attachments alone make a message."""
    assert refusal(content) is None


def test_total_length_just_fits() -> None:
    """The texts and a cost for each block together may reach the limit."""
    last = limits.MESSAGE_TOTAL - 4 * 3000 - 5 * limits.BLOCK_COST
    assert refusal(Content(blocks=[*sections(4, 3000), *sections(1, last)])) is None


def test_total_length_is_limited() -> None:
    """One character beyond the total is refused, though each block keeps its own limit."""
    last = limits.MESSAGE_TOTAL - 4 * 3000 - 5 * limits.BLOCK_COST + 1
    assert refusal(Content(blocks=[*sections(4, 3000), *sections(1, last)])) == "msg_blocks_too_long"


def test_blocks_in_attachments_count_to_the_total() -> None:
    """Blocks cannot escape the total in an attachment."""
    attachments = [{"color": "#ff0000", "blocks": sections(5, 3000)}]
    assert refusal(Content(attachments=attachments)) == "msg_blocks_too_long"


def test_a_hundred_attachments_fit() -> None:
    """A message takes 100 attachments and no more."""
    assert refusal(Content(attachments=[{"text": "x"}] * 100)) is None
    assert refusal(Content(attachments=[{"text": "x"}] * 101)) == "too_many_attachments"


def test_blocks_of_attachments_are_checked() -> None:
    """A bad block in an attachment is refused, and its place is named."""
    content = Content("x", attachments=[{"blocks": sections(1, 3001)}])
    with pytest.raises(SlackError) as caught:
        validation.check_content(content)
    assert caught.value.code == "invalid_attachments"
    assert caught.value.problems[0].endswith("[json-pointer:/attachments/0/blocks/0/text/text]")


@pytest.mark.parametrize("value", ["text", 1, 1.5, True, None])
def test_flat_metadata_is_taken(value: object) -> None:
    """Metadata of plain values is valid."""
    assert refusal(Content("x", metadata=metadata(delivery_id=value))) is None


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {"event_type": "ok"},
        {"event_payload": {}},
        {"event_type": "Pulser", "event_payload": {}},
        {"event_type": "a-b", "event_payload": {}},
        {"event_type": "1a", "event_payload": {}},
        {"event_type": 5, "event_payload": {}},
        {"event_type": "ok", "event_payload": []},
        {"event_type": "ok", "event_payload": {"Key": 1}},
        {"event_type": "ok", "event_payload": {"": 1}},
        {"event_type": "ok", "event_payload": {"nested": {}}},
        {"event_type": "ok", "event_payload": {"listed": []}},
        {"event_type": "ok", "event_payload": {}, "extra": 1},
    ],
)
def test_other_metadata_is_refused(bad: Json) -> None:
    """Metadata with another shape, other names or nesting is refused."""
    assert refusal(Content("x", metadata=bad)) == "invalid_metadata_format"


def test_metadata_is_limited() -> None:
    """Metadata of too many characters is refused."""
    frame = len('{"event_type":"pulser_delivery","event_payload":{"a":""}}')
    fitting = "x" * (limits.METADATA_SIZE - frame)
    assert refusal(Content("x", metadata=metadata(a=fitting))) is None
    assert refusal(Content("x", metadata=metadata(a=fitting + "x"))) == "metadata_too_large"


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "elements", "fields", "x"]), inner, max_size=4)
    ),
    max_leaves=15,
)


@given(st.lists(st.fixed_dictionaries({"type": st.sampled_from(["section", "actions", "table"])}), max_size=2), junk)
def test_junk_is_refused_not_crashed_on(blocks: list[Json], inside: object) -> None:
    """Whatever stands in a block, validation answers with a code."""
    filled = [block | {"text": inside, "elements": inside, "rows": inside} for block in blocks]
    assert refusal(Content("x", blocks=filled)) in {None, "invalid_blocks"}
