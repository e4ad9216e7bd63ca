"""What holds for every message, whatever the event says."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from notify_dispatch.event import Event
from notify_dispatch.render import render, render_plain
from pulser_local.slack.validation import check_blocks
from tests.unit.notify_dispatch.events import DELIVERY_ID, rows
from tests.unit.notify_dispatch.slack_limits import mentions, problems


@given(
    rows,
    st.sampled_from([None, "here", "channel", "U0ABCDEF12", "S0ABCDEF12", "nonsense", "<!channel>"]),
    st.none() | st.floats(min_value=0, allow_nan=False),
)
def test_any_event_is_a_valid_message(value: object, mention: str | None, delayed_s: float | None) -> None:
    """Whatever an event says, Slack takes the message, laid out and not in its plain form."""
    message = render(Event.from_json(value), delivery_id=DELIVERY_ID, mention=mention, delayed_s=delayed_s)
    assert problems(message.to_arguments()) == []
    assert message.degraded is None


@given(rows)
def test_any_message_passes_slack_sdk(value: object) -> None:
    """slack_sdk's own models accept every block and give it back unchanged."""
    message = render(Event.from_json(value), delivery_id=DELIVERY_ID)
    assert [block.to_dict() for block in Block.parse_all(message.blocks)] == list(message.blocks)


@given(rows)
def test_the_simulator_takes_any_message(value: object) -> None:
    """The second judge: the rules of the local Slack, written by another hand."""
    check_blocks(list(render(Event.from_json(value), delivery_id=DELIVERY_ID).blocks))


@given(rows)
def test_nobody_is_mentioned_by_untrusted_text(value: object) -> None:
    """Without a mention in the route, only an actor that is a Slack user is named by a mention."""
    message = render(Event.from_json(value), delivery_id=DELIVERY_ID)
    assert mentions(message.to_arguments()) <= {"<@U0ABCDEF12>"}


@given(rows)
def test_any_event_has_a_valid_plain_message(value: object) -> None:
    """The fallback is valid for every event too."""
    assert problems(render_plain(Event.from_json(value), delivery_id=DELIVERY_ID).to_arguments()) == []
