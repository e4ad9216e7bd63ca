"""What a canary's message says, and which envelope tells that it is back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser.canary import came_back, message

ID = "0b5d7f7e-9c1d-4b5e-8f6a-0123456789ab"


def told(**changes: Any) -> dict[str, Any]:  # noqa: ANN401  any JSON
    """The payload in which Slack tells of a canary; `changes` of its event."""
    metadata = message(ID, 1.0)["metadata"]
    return {"type": "event_callback", "event": {"type": "message_metadata_posted", "metadata": metadata, **changes}}


def test_a_message_says_what_it_is_for() -> None:
    """With its time in the reader's own zone."""
    text = message(ID, 1_772_359_500.7)["text"]
    assert text == ("pulser canary <!date^1772359500^{time}|10:05 UTC>: this message checks the way to Slack and back.")


def test_what_went_out_is_known_when_it_comes_back() -> None:
    """By the id in its metadata."""
    assert came_back(told()) == ID


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "message_metadata_updated"},
        {"metadata": None},
        {"metadata": {"event_type": "pulser_delivery", "event_payload": {"canary_id": ID}}},
        {"metadata": {"event_type": "pulser_canary"}},
        {"metadata": {"event_type": "pulser_canary", "event_payload": {"canary_id": 7}}},
        {"metadata": {"event_type": "pulser_canary", "event_payload": {"canary_id": f"{ID}'; drop"}}},
        {"metadata": {"event_type": "pulser_canary", "event_payload": {"canary_id": ID.upper()}}},
    ],
)
def test_anything_else_is_no_canary(changes: dict[str, Any]) -> None:
    """Whatever other apps post."""
    assert came_back(told(**changes)) is None


@given(
    st.recursive(
        st.none() | st.text(max_size=5),
        lambda it: st.dictionaries(st.sampled_from(["type", "metadata", "event_payload"]), it),
    )
)
def test_no_payload_makes_it_fail(event: object) -> None:
    """JSON of any shape."""
    assert came_back({"event": event}) is None
