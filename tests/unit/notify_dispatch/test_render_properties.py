"""What holds for every message, whatever the event and its card say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from notify_dispatch.event import Event
from notify_dispatch.render import Occasion, render, render_plain
from pulser.card import Card
from pulser_local.slack.validation import check_blocks
from tests.unit.notify_dispatch.cards import cards, users
from tests.unit.notify_dispatch.events import occasion, rows
from tests.unit.notify_dispatch.slack_limits import mentions, problems

occasions = st.builds(
    occasion,
    mention=st.sampled_from([None, "here", "channel", "U0ABCDEF12", "S0ABCDEF12", "nonsense", "<!channel>"]),
    delayed_s=st.none() | st.floats(min_value=0, allow_nan=False),
    card=st.none() | cards,
)


@given(rows, occasions)
def test_any_event_is_a_valid_message(value: object, given_occasion: Occasion) -> None:
    """Whatever an event and its card say, Slack takes the message, laid out and not in its plain form."""
    message = render(Event.from_json(value), given_occasion)
    assert problems(message.to_arguments()) == []
    assert message.degraded is None


@given(rows, st.none() | cards)
def test_any_message_passes_slack_sdk(value: object, card: Card | None) -> None:
    """slack_sdk's own models accept every block and give it back unchanged."""
    message = render(Event.from_json(value), occasion(card=card))
    assert [block.to_dict() for block in Block.parse_all(message.blocks)] == list(message.blocks)


@given(rows, st.none() | cards)
def test_the_simulator_takes_any_message(value: object, card: Card | None) -> None:
    """The second judge: the rules of the local Slack, written by another hand."""
    check_blocks(list(render(Event.from_json(value), occasion(card=card)).blocks))


@given(rows, st.none() | cards)
def test_nobody_is_mentioned_by_untrusted_text(value: object, card: Card | None) -> None:
    """Without a mention in the route, only a doer and the people of the card's state are named by a mention."""
    message = render(Event.from_json(value), occasion(card=card))
    known = {"U0ABCDEF12"} | (users(card) if card else set())
    assert mentions(message.to_arguments()) <= {f"<@{user}>" for user in known}


@given(rows, cards)
def test_an_update_is_a_post_without_its_manners(value: object, card: Card) -> None:
    """An update sends the same text, blocks and metadata as a post would; chat.update knows no unfurling."""
    message = render(Event.from_json(value), occasion(card=card))
    posted = message.to_arguments()
    assert message.to_update() == {key: posted[key] for key in ("text", "blocks", "metadata")}


@given(rows)
def test_any_event_has_a_valid_plain_message(value: object) -> None:
    """The fallback is valid for every event too."""
    assert problems(render_plain(Event.from_json(value), occasion()).to_arguments()) == []
