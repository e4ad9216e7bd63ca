from __future__ import annotations

import aiohttp
import pytest

from pulser_local.slack import Fault
from tests.unit.slack_simulator.app import App
from tests.unit.slack_simulator.caller import Caller


async def test_address_has_a_ticket(app: App) -> None:
    """apps.connections.open gives a ws address on the called host, with ticket and app_id."""
    url = (await app.opened())["url"]
    assert url.startswith(app.simulator.url.replace("http", "ws") + "/link/?ticket=")
    assert "&app_id=" in url


async def test_bot_token_is_refused(app: App) -> None:
    """Only an app token opens connections."""
    assert (await app.opened(app.simulator.bot_token))["error"] == "not_allowed_token_type"


async def test_app_token_does_nothing_else(app: App) -> None:
    """An app token cannot post."""
    headers = {"Authorization": f"Bearer {app.simulator.app_token}"}
    async with app.http.post(app.simulator.api_url + "auth.test", headers=headers) as answer:
        assert (await answer.json())["error"] == "not_allowed_token_type"


async def test_token_in_a_form_does_not_count(app: App) -> None:
    """The app token is taken from the Authorization header only."""
    form = {"token": app.simulator.app_token}
    async with app.http.post(app.simulator.api_url + "apps.connections.open", data=form) as answer:
        assert (await answer.json())["error"] == "not_authed"


@pytest.mark.parametrize(
    ("state", "error"), [("revoked", "token_revoked"), ("expired", "token_expired"), ("inactive", "account_inactive")]
)
async def test_dead_tokens_are_refused(app: App, call: Caller, state: str, error: str) -> None:
    """A dead app token is refused as Slack words it."""
    await call.send("PUT", "/sim/tokens", json={state: [app.simulator.app_token]})
    assert (await app.opened())["error"] == error


async def test_app_token_outlives_a_rotation_of_the_bot_token(app: App, call: Caller) -> None:
    """An order that names bot tokens only leaves the app token as it is."""
    await call.send("PUT", "/sim/tokens", json={"active": ["xoxb-new"]})
    assert (await app.opened())["ok"] is True


async def test_missing_scope_is_told(app: App) -> None:
    """Without connections:write the app token is told what it lacks."""
    app.simulator.tokens.app_scopes = frozenset()
    answer = await app.opened()
    assert (answer["error"], answer["needed"]) == ("missing_scope", "connections:write")


async def test_ticket_is_good_once(app: App) -> None:
    """The second dial with a ticket is refused."""
    url = (await app.opened())["url"]
    await app.dial(url)
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await app.dial(url)
    assert caught.value.status == 403


async def test_unknown_ticket_is_refused(app: App) -> None:
    """A ticket that was never given out does not open."""
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await app.dial(app.simulator.url + "/link/?ticket=x")


async def test_dead_tickets(app: App) -> None:
    """A dial may be refused though its ticket is new; the ticket is used up by it."""
    app.simulator.sockets.settings.dead_tickets = 1
    url = (await app.opened())["url"]
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await app.dial(url)
    assert caught.value.status == 408
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await app.dial(url)
    await app.connect()


@pytest.mark.parametrize("error", ["internal_error", "fatal_error"])
async def test_opening_may_fail(app: App, error: str) -> None:
    """Faults strike apps.connections.open as they strike any method."""
    app.simulator.faults.add(Fault(kind="slack_error", method="apps.connections.open", error=error))
    assert (await app.opened())["error"] == error


async def test_opening_may_answer_an_empty_address(app: App) -> None:
    """An answer may be ok and yet useless."""
    odd = {"ok": True, "url": ""}
    app.simulator.faults.add(Fault(kind="answer", method="apps.connections.open", answer=odd))
    assert await app.opened() == odd


async def test_opening_may_be_a_page(app: App) -> None:
    """An answer may be a page."""
    app.simulator.faults.add(Fault(kind="http_status", method="apps.connections.open", status=502))
    with pytest.raises(aiohttp.ContentTypeError):
        await app.opened()
