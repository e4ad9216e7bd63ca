from __future__ import annotations

from collections.abc import Callable

import pytest

from pulser_local.slack import Fault, Interaction
from tests.unit.slack_simulator.app import Acking, card

Turn = Callable[[float], None]


async def click(acking: Acking) -> tuple[Interaction, str]:
    """A click, and the URL to answer it."""
    done = await acking.simulator.press(*card(acking.simulator), "go")
    return done, str(done.response_url)


def texts(acking: Acking) -> list[str]:
    channel = acking.simulator.workspace.find("ops-ci")
    assert channel is not None
    return [message.text for message in acking.simulator.workspace.history(channel.id)]


async def test_answer_is_private(acking: Acking) -> None:
    """An answer is seen by the one who clicked, and belongs to his click."""
    done, url = await click(acking)
    assert await acking.respond(url, text="yours alone") == (200, {"ok": True})
    (message,) = done.ephemerals
    assert (message["text"], message["to"], message["is_ephemeral"]) == ("yours alone", "U0ALICE", True)
    assert done.answered.is_set()
    assert texts(acking) == ["A card"]


async def test_answer_to_all(acking: Acking) -> None:
    """With in_channel the answer is a message of the app."""
    done, url = await click(acking)
    await acking.respond(url, text="to all", response_type="in_channel")
    assert (texts(acking), done.ephemerals) == (["A card", "to all"], [])


async def test_answer_in_a_thread(acking: Acking) -> None:
    """An answer may go to a thread."""
    done, url = await click(acking)
    ts = acking.payload["message"]["ts"]
    await acking.respond(url, text="below", response_type="in_channel", replace_original=False, thread_ts=ts)
    assert done.messages[0]["thread_ts"] == ts


async def test_original_is_replaced(acking: Acking) -> None:
    """replace_original changes the message that was clicked."""
    _, url = await click(acking)
    await acking.respond(url, text="changed", replace_original=True)
    assert texts(acking) == ["changed"]


async def test_original_is_deleted(acking: Acking) -> None:
    """delete_original takes the message away."""
    _, url = await click(acking)
    await acking.respond(url, delete_original=True)
    assert texts(acking) == []


async def test_private_original_is_replaced(acking: Acking) -> None:
    """A click in a private message can replace that message."""
    done, url = await click(acking)
    blocks = [{"type": "actions", "elements": [{"type": "button", "action_id": "more", "text": _plain("More")}]}]
    await acking.respond(url, text="first", blocks=blocks)
    (private,) = done.ephemerals
    again = await acking.simulator.press(str(done.channel_id), private["ts"], "more")
    assert acking.payload["container"]["is_ephemeral"] is True
    await acking.respond(str(again.response_url), text="second", replace_original=True)
    assert [one["text"] for one in acking.simulator.ephemerals(done.channel_id, "U0ALICE")] == ["second"]


async def test_private_original_is_deleted(acking: Acking) -> None:
    """A click in a private message can take that message away."""
    done, url = await click(acking)
    blocks = [{"type": "actions", "elements": [{"type": "button", "action_id": "more", "text": _plain("More")}]}]
    await acking.respond(url, text="first", blocks=blocks)
    again = await acking.simulator.press(str(done.channel_id), done.ephemerals[0]["ts"], "more")
    await acking.respond(str(again.response_url), delete_original=True)
    assert acking.simulator.ephemerals(done.channel_id, "U0ALICE") == []


async def test_sixth_use_is_refused(acking: Acking) -> None:
    """A URL takes five answers."""
    _, url = await click(acking)
    for _ in range(5):
        assert (await acking.respond(url, text="x"))[0] == 200
    assert await acking.respond(url, text="x") == (404, {"ok": False, "error": "used_url"})


async def test_url_lives_half_an_hour(turned_acking: Acking, turn: Turn) -> None:
    """After thirty minutes a URL has expired."""
    _, url = await click(turned_acking)
    turn(1800)
    assert (await turned_acking.respond(url, text="x"))[0] == 200
    turn(1)
    assert (await turned_acking.respond(url, text="x"))[1]["error"] == "expired_url"


async def test_unknown_url(acking: Acking) -> None:
    """A URL that was never given out takes nothing."""
    url = acking.simulator.url + "/actions/T0SIMULATOR/1/x"
    assert (await acking.respond(url, text="x"))[0] == 404


@pytest.mark.parametrize(("body", "error"), [({}, "no_text"), ({"blocks": [{"type": "nonsense"}]}, "invalid_blocks")])
async def test_bad_answers_cost_no_use(acking: Acking, body: dict[str, object], error: str) -> None:
    """A malformed answer is refused and does not count."""
    _, url = await click(acking)
    for _ in range(6):
        assert (await acking.respond(url, **body))[1]["error"] == error
    assert (await acking.respond(url, text="x"))[0] == 200


async def test_answer_is_logged_as_a_call(acking: Acking) -> None:
    """Answers stand in the log of calls as response_url."""
    _, url = await click(acking)
    await acking.respond(url, text="x")
    assert [call.status for call in acking.simulator.calls.of("response_url")] == [200]


async def test_answer_may_fail(acking: Acking) -> None:
    """Faults strike response_url as they strike any method."""
    done, url = await click(acking)
    acking.simulator.faults.add(Fault(kind="http_status", method="response_url", status=503, body="json"))
    assert (await acking.respond(url, text="x"))[0] == 503
    assert done.ephemerals == []


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}
