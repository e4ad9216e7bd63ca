from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser.why_asked import NotAsked, read_asked

ID = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
LINK = "https://acme.slack.com/archives/C0123456789/p1700000000000100"
MESSAGE = {"channel": "C0123456789", "ts": "1700000000.000100", "thread_ts": None}
IN_THREAD = MESSAGE | {"ts": "1700000005.000200", "thread_ts": "1700000000.000100"}
REPLY = "https://acme.slack.com/archives/C0123456789/p1700000005000200?thread_ts=1700000000.000100&cid=C0123456789"


@pytest.mark.parametrize(
    "text",
    [ID, f"  {ID}\n", ID.upper(), f"`{ID}`", f"“{ID}”", f"{ID}?", f"*{ID}*", f"\u200b{ID}\u2060", ID.replace("-", "")],
)
def test_an_id_is_read_as_it_is_pasted(text: str) -> None:
    """Quotation marks, case, invisible characters and a question mark do not matter."""
    assert read_asked(text) == {"id": ID}


@pytest.mark.parametrize("text", ["envelope-1", "Ev0123ABC", "http:9f86d081884c7d65", "e1", "a" * 255])
def test_an_envelope_may_be_called_anything(text: str) -> None:
    """Slack chooses its ids."""
    assert read_asked(text) == {"id": text}


@pytest.mark.parametrize(
    "text",
    [
        LINK,
        f"<{LINK}>",
        f"<{LINK}|the alert>",
        f"<{LINK}|{LINK}>",
        f"{LINK}/",
        LINK.replace("acme.slack.com", "acme.enterprise.slack.com"),
        LINK.replace("https://acme.slack.com", "http://127.0.0.1:54323"),
        f"{LINK}?cid=C0123456789",
        "C0123456789 1700000000.000100",
        "`C0123456789` `1700000000.000100`",
        "C0123456789 p1700000000000100",
    ],
)
def test_a_message_is_named_by_its_link_or_by_channel_and_ts(text: str) -> None:
    """As Slack copies it, marks it up, or as `pulser ledger show` prints it."""
    assert read_asked(text) == MESSAGE


@pytest.mark.parametrize("text", [REPLY, f"<{REPLY.replace('&', '&amp;')}>", f"<{REPLY.replace('&', '&amp;')}|x>"])
def test_a_link_into_a_thread_tells_what_began_it(text: str) -> None:
    """Slack escapes the address that it marks up."""
    assert read_asked(text) == IN_THREAD


@pytest.mark.parametrize("thread", ["x", "", "1'; drop table", "1700000000.000100 ", "٣.٣٣٣٣٣٣"])
def test_an_odd_thread_is_none(thread: str) -> None:
    """The message is named all the same."""
    assert read_asked(f"{LINK}?thread_ts={thread.replace(' ', '%20')}") == MESSAGE


@pytest.mark.parametrize("text", ["", "   ", "\n", "“”", "\u200b", "?", "<>", "<|x>"])
def test_nothing_is_asked_of_nothing(text: str) -> None:
    """The error says that an id is missing."""
    with pytest.raises(NotAsked, match="No id was given"):
        read_asked(text)


@pytest.mark.parametrize("text", [f"{ID} {ID}", "why not", "C0123456789 yesterday", "a b c", f"{LINK} {LINK}"])
def test_two_things_are_not_one(text: str) -> None:
    """The error counts the words."""
    with pytest.raises(NotAsked, match="words are not one id"):
        read_asked(text)


@pytest.mark.parametrize("text", ["C0123456789", "1700000000.000100", "p1700000000000100"])
def test_half_of_a_message_is_not_enough(text: str) -> None:
    """A channel has many messages, a ts may be in many channels."""
    with pytest.raises(NotAsked, match="together"):
        read_asked(text)


@pytest.mark.parametrize("text", ["деплой", "停止", "é", "a" * 256, "🚀", "ID" + "\u0301"])
def test_what_no_id_looks_like_is_none(text: str) -> None:
    """An id is a word of ASCII, of bounded length."""
    with pytest.raises(NotAsked, match="not an id"):
        read_asked(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://acme.slack.com/archives/C0123456789",
        "https://example.com/",
        "https://acme.slack.com/archives/C0123456789/1700000000.000100",
        "https://acme.slack.com/archives/../p1700000000000100",
        "ftp://acme.slack.com/archives/C0123456789/p1700000000000100",
        "https://[::1/archives/C0123456789/p1700000000000100",
        "slack://channel?team=T1&id=C1",
        "https://acme.slack.com/archives/C0123456789/p1700000000000100/x",
        f"{LINK}?" + "&".join(["a=b"] * 50),
    ],
)
def test_another_link_is_refused(text: str) -> None:
    """Only a link to a message names one."""
    with pytest.raises(NotAsked, match="link"):
        read_asked(text)


@given(st.text() | st.text(alphabet="<>|&;:/.p0123456789C-\n ?", max_size=80))
def test_whatever_is_typed_is_understood_or_refused(text: str) -> None:
    """Never another error; what the ledger is asked can be stored, and is short."""
    asked: dict[str, str | None] = {}
    with suppress(NotAsked):
        asked = read_asked(text)
    assert all(value is None or (value.isascii() and value.isprintable()) for value in asked.values())
    assert len(json.dumps(asked)) < 600


@pytest.mark.parametrize("text", [f"event {ID[:8]}", f"Delivery `{ID[:8]}`"])
def test_an_id_is_read_with_the_word_before_it(text: str) -> None:
    """As the small print of a message has it."""
    assert read_asked(text) == {"id": ID[:8]}
