from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_handler.command import TYPED, nearest, read_command, text_of
from pulser.envelope import Envelope

NAMES = ["api", "web", "billing", "billing-worker", "shop-web"]


@pytest.mark.parametrize("word", ["status", "deploy", "health", "help"])
def test_a_word_is_a_command(word: str) -> None:
    """The four words are known, whatever their case and what stands around them."""
    for typed in (word, word.upper(), f"  {word}? ", f"*{word}*", f"“{word}”", f"`{word}`", f"\u200b{word}\u00ad"):
        assert read_command(typed).word == word


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "?", "…", "\u200b", "“”"])
def test_nothing_asks_for_help(text: str) -> None:
    """Who types nothing wants to know what there is."""
    assert read_command(text).word == "help"


@pytest.mark.parametrize("text", ["stauts", "deploys", "удали", "停止", "🚀", "/status", "dep loy"])
def test_any_other_word_is_none(text: str) -> None:
    """An unknown word is told back as it was typed."""
    command = read_command(text)
    assert (command.word, command.said) == (None, text.split(maxsplit=1)[0])


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("deploy api 1.4.2", ("api", "1.4.2")),
        ("deploy  api\n1.4.2", ("api", "1.4.2")),
        ("deploy\u00a0api\u20031.4.2", ("api", "1.4.2")),
        ('deploy "my api" 1.4.2', ("my api", "1.4.2")),
        ("deploy “my api” „1.4 2“", ("my api", "1.4 2")),
        ("deploy «my api» ‘1.4.2’", ("my api", "1.4.2")),
        ("deploy 'api' `1.4.2`", ("api", "1.4.2")),
        ('deploy "api 1.4.2', ("api", "1.4.2")),
        ("deploy ａｐｉ １.４.２", ("api", "1.4.2")),
        ("deploy <http://api.example|api.example> 1.4.2", ("api.example", "1.4.2")),
        ("deploy <https://api.example>", ("api.example",)),
        ("deploy <mailto:api@1.4.2|api@1.4.2>", ("api@1.4.2",)),
        ("deploy <@U0123456|bob> <#C0123456|api>", ("bob", "api")),
        ("deploy <@U0123456>", ("U0123456",)),
        ("deploy a&amp;b &lt;c&gt;", ("a&b", "<c>")),
        ("deploy 'оплата' 版本一", ("оплата", "版本一")),
        ("deploy \u202eapi\u202c 1", ("api", "1")),
        ('deploy "" api', ("api",)),
    ],
)
def test_arguments(text: str, arguments: tuple[str, ...]) -> None:
    """Words as a person sees them: without quotation marks, markup, escapes and invisible characters."""
    assert read_command(text).arguments == arguments


def test_a_missing_argument_is_empty() -> None:
    """Nothing typed is no error."""
    assert read_command("deploy").argument(0) == ""


def test_what_was_typed_is_kept_short() -> None:
    """The audit holds 200 characters on one line, without what could steer a terminal."""
    typed = read_command("deploy\x1b[31m\n" + "x" * 5000).typed
    assert len(typed) == TYPED
    assert typed.startswith("deploy[31m x")


@given(st.text())
def test_any_text_is_a_command(text: str) -> None:
    """Nothing that can be typed fails, and no word has a space at its edges or is empty."""
    command = read_command(text)
    assert len(command.typed) <= TYPED
    assert all(word == " ".join(word.split()) != "" for word in command.arguments)


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("biling", ["billing", "billing-worker"]),
        ("BILLING", ["billing", "billing-worker"]),
        ("shop", ["shop-web"]),
        ("apis", ["api"]),
        ("worker", ["billing-worker"]),
        ("zzz", []),
        ("", []),
        ("ＡＰＩ", ["api"]),
    ],
)
def test_nearest(word: str, names: list[str]) -> None:
    """The likeliest first: a typing error, a part of the name, a longer name."""
    assert nearest(word, NAMES) == names


def test_nearest_gives_a_few() -> None:
    """Nobody reads a list of a hundred."""
    assert nearest("service-1", [f"service-{at}" for at in range(100)], count=3)[0] == "service-1"
    assert len(nearest("service-1", [f"service-{at}" for at in range(100)])) == 3


def mention(text: str, **payload: object) -> Envelope:
    event = {"type": "app_mention", "user": "U0BOB", "text": text, "channel": "C1", "ts": "1.2"}
    return Envelope.from_event({"team_id": "T1", "event": event, **payload}, "e1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<@U0PULSER> status", "status"),
        ("<@U0PULSER>, status", "status"),
        ("hey <@U0PULSER|pulser>: status api", "status api"),
        ("<@U0BOB> ask <@U0PULSER> status", "status"),
        ("status <@U0PULSER>", "status "),
        ("<@U0PULSER>", ""),
        ("status", "status"),
    ],
)
def test_a_mention_says_what_follows_it(text: str, said: str) -> None:
    """The words after the app's mention, or before it when nothing follows."""
    assert text_of(mention(text, authorizations=[{"user_id": "U0PULSER", "is_bot": True}])) == said


def test_the_first_mention_is_ours_when_slack_does_not_say() -> None:
    """Without an authorization the first one counts."""
    assert text_of(mention("<@U0PULSER> status <@U0BOB>")) == "status <@U0BOB>"


@pytest.mark.parametrize("event", [None, "x", {"type": "app_mention", "text": 5}, {"type": "app_mention"}])
def test_an_odd_event_says_nothing(event: object) -> None:
    """What is no text is an empty one."""
    assert text_of(Envelope.from_event({"team_id": "T1", "event": event, "authorizations": 3}, "e1")) == ""
