"""Blocks in a terminal: the markup becomes style, and nothing is lost."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from notify_dispatch.event import Event
from notify_dispatch.render import Occasion, render
from pulser_cli.block_text import mrkdwn, shown_blocks


def printed(blocks: list[dict[str, Any]]) -> str:
    out = Console(file=io.StringIO(), width=100)
    out.print(shown_blocks(blocks))
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*bold* and _italic_ and `code`", "bold and italic and code"),
        ("2 * 3 * 4, a_b_c", "2 * 3 * 4, a_b_c"),
        ("<https://a.example/x|the page>", "the page"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("<@U0BOB>, <!here>, <!subteam^S01|@team>", "@U0BOB, @here, @team"),
        ("<!date^1700000000^{date}|14 Nov>", "14 Nov"),
        ("&lt;!channel&gt; &amp;amp;", "<!channel> &amp;"),
        ("```a *b*\nc```", "a *b*\nc"),
    ],
)
def test_markup_is_not_shown_as_such(text: str, shown: str) -> None:
    """As in Slack, where it is drawn."""
    assert mrkdwn(text).plain == shown


def test_a_block_that_is_not_known_is_named() -> None:
    """It would stand in Slack; here is at least its name."""
    assert "[image]" in printed([{"type": "image"}])


@given(st.dictionaries(st.sampled_from(["title", "summary", "service", "url", "odd", "version"]), st.text(max_size=60)))
def test_any_event_can_be_shown(payload: dict[str, str]) -> None:
    """Whatever stands in it; and nothing of it reaches the terminal as a command."""
    event = Event.from_json({"event_type": "ci.failed", "event_id": "e", "payload": payload})
    text = printed(list(render(event, Occasion("d", button_key="k")).blocks))
    assert "[ Acknowledge ]" in text
    assert not any(ord(character) < 32 and character != "\n" for character in text)
