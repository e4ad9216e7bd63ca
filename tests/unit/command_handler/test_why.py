"""`/pulser why`: what is asked is understood or refused with a reason; the answer is one that Slack takes."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_handler.answer import Answer
from command_handler.command import read_command
from command_handler.why import WhyCommand
from pulser.why_asked import ACCEPTED
from tests.unit.command_handler.answers import lines, problems
from tests.unit.shared.why_facts import (
    Json,
    attempt,
    audit,
    card,
    delivery,
    dispatch,
    envelope,
    event,
    facts,
    update,
)

ID = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
LINK = "https://acme.slack.com/archives/C0123456789/p1700000000000100"
HOSTILE = "<!channel> <https://evil.example|ok> `code` *b* &amp; \u202egnp.exe שלום עולם 監視 xoxb-1234567890-SENTINEL"


class Ledger:
    """Gives these facts, and remembers what it was asked."""

    def __init__(self, found: Json | None) -> None:
        self.found = found
        self.asked: list[Any] = []

    async def call(self, function: str, arguments: Any = None) -> Any:  # noqa: ANN401  as Database.call
        """As Database.call."""
        assert function == "why_v1"
        self.asked.append(arguments["asked"])
        return self.found

    async def close(self) -> None:
        """As Database.close."""


def answered(text: str, found: Json | None, user: str = "U0BOB") -> Answer:
    return asyncio.run(WhyCommand(Ledger(found)).answer(read_command(text), user, "/pulser"))


def asked(text: str) -> Any:  # noqa: ANN401  what why_v1 takes
    ledger = Ledger(None)
    asyncio.run(WhyCommand(ledger).answer(read_command(text), "U0BOB", "/pulser"))
    return ledger.asked


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (f"why {ID}", {"id": ID}),
        (f"WHY  `{ID}`?", {"id": ID}),
        (f"why {LINK}", {"channel": "C0123456789", "ts": "1700000000.000100", "thread_ts": None}),
        (f"why <{LINK}>", {"channel": "C0123456789", "ts": "1700000000.000100", "thread_ts": None}),
        (f"why\n<{LINK}|the alert>", {"channel": "C0123456789", "ts": "1700000000.000100", "thread_ts": None}),
        (
            f"why <{LINK}?thread_ts=1600000000.000100&amp;cid=C0123456789>",
            {"channel": "C0123456789", "ts": "1700000000.000100", "thread_ts": "1600000000.000100"},
        ),
        ("why C0123456789 1700000000.000100", {"channel": "C0123456789", "ts": "1700000000.000100", "thread_ts": None}),
    ],
)
def test_what_is_pasted_is_understood(text: str, meant: Json) -> None:
    """An id, a link with or without Slack's markup, a channel and a ts."""
    assert asked(text) == [meant]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("why", "Why of what? No id was given."),
        ("why   ?", "Why of what? No id was given."),
        ("why is that", "2 words are not one id, nor a channel's id and a ts."),
        ("why упало", "That is not an id."),
        ("why C0123456789", "A message is named by a channel's id and a ts together."),
        ("why <https://example.com|x>", "That link does not lead to a message."),
        ("why <!channel>", "No event, delivery or envelope has the id channel."),
        (
            f"why {ID}",
            f"No event, delivery or envelope has the id {ID}; a delivery is kept for 90 days, an envelope 30.",
        ),
    ],
)
def test_what_is_not_understood_says_why_and_what_is(text: str, said: str) -> None:
    """No id, two words, not an id, half a message, another link, or nothing that the ledger knows."""
    found = answered(text, None)
    assert (found.text, found.outcome) == (f"{said} `/pulser why` takes {ACCEPTED}.", "refused")
    assert problems(found) == []


def test_the_ledger_is_not_asked_for_what_is_no_id() -> None:
    """It need not know what people type."""
    assert asked("why is that") == []


def test_a_story_is_told() -> None:
    """What, moments with clock and span, how it stands now, the ids."""
    found = answered(f"why {ID}", facts(delivery()))
    assert lines(found) == [
        "ci.failed api",
        "<!date^1795521600^{time}|12:00 UTC> +0 ms  *ci.failed was written* · ci",
        "<!date^1795521600^{time}|12:00 UTC> +10 ms  *The ledger noted it*",
        "<!date^1795521600^{time}|12:00 UTC> +40 ms  *Route ci took it, to #ops-ci*",
        "↳ type ci.failed matches ci.*",
        "<!date^1795521600^{time}|12:00 UTC> +80 ms  *Posted to #ops-ci*",
        "↳ message C0000000001 1700000000.000100; attempt 1, took 30 ms",
        "*It stands in #ops-ci since <!date^1795521600^{time}|12:00 UTC> (message C0000000001 1700000000.000100).*",
        "event `10000000-0000-4000-8000-000000000000` · on a command line `pulser why` tells the same",
    ]
    assert problems(found) == []
    assert found.facts == {"asked_event_id": "10000000-0000-4000-8000-000000000000"}


def test_a_conclusion_of_another_day_says_which_on_the_readers_clock() -> None:
    """As its moments do; a time that Slack cannot show stays as it is."""
    found = answered(f"why {ID}", facts(delivery("sent", sent_at="2026-11-22T09:00:00+00:00")))
    assert "since <!date^1795338000^{date_short_pretty} {time}|2026-11-22 09:00 UTC> (" in lines(found)[-2]
    assert "since <!date^1795338000^" in found.text
    early = answered(f"why {ID}", facts(delivery("sent", sent_at="1912-11-22T09:00:00+00:00")))
    assert "since 1912-11-22 09:00:00 UTC (" in lines(early)[-2]
    assert problems(found) == problems(early) == []


def test_until_when_an_alert_is_snoozed_is_on_the_readers_clock() -> None:
    """The audit event has it in UTC."""
    clicks = [envelope(2, "button snooze", audit(2, "alert.snoozed", until="2026-11-24T14:00:00+00:00"))]
    told = "\n".join(lines(answered(f"why {ID}", facts(delivery(), clicks=clicks))))
    assert "until <!date^1795528800^{date_short_pretty} {time}|2026-11-24 14:00 UTC>" in told


def test_who_did_it_is_mentioned_by_id() -> None:
    """In a private answer nobody is notified."""
    clicks = [envelope(2, "button acknowledge", audit(2, "alert.acknowledged"), user_id="U0ALICE")]
    assert "*Pressed acknowledge* · <@U0ALICE>" in "\n".join(
        lines(answered(f"why {ID}", facts(delivery(), clicks=clicks)))
    )


def hostile() -> Json:
    log = attempt(1, 1, 0.1, "failed", HOSTILE, worker=HOSTILE, error=HOSTILE)
    held = delivery("dead", log, route=HOSTILE, why=HOSTILE, channel=HOSTILE, reason=HOSTILE, error=HOSTILE)
    clicks = [envelope(2, HOSTILE, audit(2, HOSTILE, reason=HOSTILE), user_id=HOSTILE, user_name=HOSTILE)]
    said = [{"route": HOSTILE, "channel": HOSTILE, "used": True, "why": HOSTILE}]
    told = event(HOSTILE, event_id=HOSTILE, actor=HOSTILE, payload={"title": HOSTILE, "slack_user": HOSTILE})
    return facts(held, event=told, clicks=clicks, dispatch=dispatch("routed", verdicts=said))


def test_somebodys_words_are_inert() -> None:
    """Nobody is mentioned, no link is faked, no secret is told; other scripts are."""
    found = answered(f"why {ID}", hostile())
    assert problems(found) == []
    told = json.dumps(found.body(), ensure_ascii=False)
    assert "SENTINEL" not in told
    assert "<!channel>" not in (found.body() or {})["text"]
    assert "監視" in told


def test_a_long_story_fits_into_a_message() -> None:
    """Its beginning and its end; how much is left out in the middle is said."""
    many = [update(number, delivery_id=f"u{number}", channel="#" + "監" * 79) for number in range(1, 150)]
    found = answered(f"why {ID}", facts(delivery(), *many))
    assert problems(found) == []
    said = lines(found)
    assert any(it.startswith("… ") and it.endswith(" moments …") for it in said)
    assert "*ci.failed was written*" in said[1]
    assert "Not told here: " in "\n".join(said)
    assert "The message was changed in place" in "\n".join(said[-6:])


@pytest.mark.parametrize(("user", "knows"), [("U1", True), ("U0BOB", False), ("", False)])
def test_a_private_commands_text_is_told_to_who_typed_it(user: str, *, knows: bool) -> None:
    """To others only which command it was."""
    told = audit(0, "slack.command", outcome="answered", word="status", text="status SENTINEL")
    of = envelope(0, "/pulser status", told, type="slash_commands")
    found = answered("why e-0", {"now": None, "envelope": of, "card": None, "deliveries": []}, user)
    assert ("SENTINEL" in json.dumps(found.body())) is knows
    assert lines(found)[0] == "Typed /pulser status"


def test_the_audit_of_the_question_names_no_envelope_but_its_own() -> None:
    """What it says of the thing that was asked about must not be taken for its own cause or card."""
    of = envelope(0, "button acknowledge", audit(0))
    found = answered("why e-0", {"now": None, "envelope": of, "card": card(), "deliveries": []})
    assert set(found.facts) == {"asked_envelope_id", "asked_team_id", "asked_card_id"}


TEXTS = st.text(max_size=600) | st.text(alphabet="<&>`*_~|@#! \u202eא監", max_size=600)


@given(TEXTS, TEXTS, st.integers(1, 60))
def test_any_story_is_one_that_slack_takes(what: str, detail: str, count: int) -> None:
    """Whatever the words are, and however many there are of them."""
    log = [attempt(number, number, 0.1, "failed", what, error=detail) for number in range(1, count + 1)]
    held = delivery("failed", *log, why=detail, channel=what, reason=what)
    found = answered(f"why {ID}", facts(held, event=event(what, payload={"title": detail})))
    assert problems(found) == []
