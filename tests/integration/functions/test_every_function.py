"""What every deployed function keeps: its health, its door, and its silence about secrets."""

from __future__ import annotations

import gc
import json
from collections.abc import AsyncIterator

import pytest

from pulser.http import VERSION
from tests.fixtures.postgres import Call, Connection
from tests.integration.functions.conftest import KEY, Deployed

WRONG = "wrong-key-sentinel-0042"


async def test_a_function_that_is_well_says_so(function: Deployed) -> None:
    """Health is 200 with ok, the function's name, its version and its checks, all of them ok."""
    answer = await function.health()
    body = answer.json()
    checks = body.pop("checks")
    assert (answer.status_code, body) == (200, {"ok": True, "function": function.name, "version": VERSION})
    assert {check["ok"] for check in checks.values()} == {True}


async def test_health_needs_no_key_and_shows_none(function: Deployed) -> None:
    """Whoever asks may read the health: it holds no secret."""
    assert KEY not in (await function.health()).text
    assert "xoxb" not in (await function.health()).text


async def test_its_code_is_spared_the_looks_of_the_garbage_collector(function: Deployed) -> None:
    """A look through all of it holds up whatever is under way for a twentieth of a second."""
    gc.unfreeze()
    await function.health()
    assert gc.get_freeze_count() > 10_000


async def test_without_its_database_a_function_is_not_well(cut_off: Deployed) -> None:
    """Health is 503 with ok false, names the database, and shows nothing of its address."""
    answer = await cut_off.health()
    assert (answer.status_code, answer.json()["ok"]) == (503, False)
    assert answer.json()["checks"] == {"database": {"ok": False, "message": "the database does not answer"}}


@pytest.mark.parametrize("name", ["slack_bot_token", "pulser_function_key"])
async def test_without_a_secret_a_function_is_not_well(function: Deployed, connection: Connection, name: str) -> None:
    """Health is 503 and names the secret that Vault lacks."""
    await connection.execute("delete from vault.secrets where name = $1", name)
    answer = await function.health()
    assert (answer.status_code, answer.json()["ok"]) == (503, False)
    assert answer.json()["checks"]["vault"] == {"ok": False, "message": f"the secret {name} is not in Vault"}


@pytest.mark.parametrize(
    "headers",
    [
        {"x-none": "1"},
        {"apikey": ""},
        {"apikey": WRONG},
        {"Authorization": f"Bearer {WRONG}"},
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": KEY},
    ],
    ids=["none", "empty", "wrong", "wrong bearer", "basic", "bare"],
)
async def test_without_the_key_nobody_comes_in(function: Deployed, headers: dict[str, str]) -> None:
    """A request without the key, or with another, is answered 401 as JSON and says how to come in."""
    answer = await function.ring(headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert (answer.json()["ok"], answer.json()["error"]) == (False, "unauthorized")


@pytest.mark.parametrize(("headers", "status"), [({}, 401), ({"apikey": KEY}, 202)], ids=["no key", "key"])
async def test_a_huge_body_is_not_read(function: Deployed, headers: dict[str, str], status: int) -> None:
    """Who reads bodies stops at its limit and says 413, and who is only rung reads none: it answers as to any ring."""
    sent = 0

    async def huge() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b"x" * 500_000

    answer = await function.http.post("/", content=huge(), headers=headers)
    reads = function.name in {"action-handler", "command-handler"}
    assert answer.status_code == (413 if reads else status)
    assert sent <= 4
    assert answer.json()["ok"] is (answer.status_code == 202)


@pytest.mark.parametrize("body", [b"{", b"[" * 100_000, b'{"a":' * 100_000, b"\xff\x00", b"null", b"1e999"])
async def test_garbage_is_answered_as_json(function: Deployed, body: bytes) -> None:
    """With the key and a body that is none, or nested too deep: 400 where it would matter, and no word of the code."""
    answer = await function.http.post("/", content=body, headers={"apikey": KEY, "content-type": "application/json"})
    reads = function.name in {"action-handler", "command-handler"}
    assert (answer.status_code, answer.json()["ok"]) == ((400, False) if reads else (202, True))
    assert not any(it in answer.text for it in ("Traceback", ".py", "Error"))


async def test_a_refused_key_stands_nowhere(function: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither the answer nor the log holds the key that was shown, nor the one that was wanted."""
    answers = [
        await function.ring(headers={"apikey": WRONG}),
        await function.ring(headers={"Authorization": f"Bearer {WRONG}"}),
    ]
    captured = capsys.readouterr()
    said = " ".join([*(f"{it.text} {it.headers}" for it in answers), captured.out, captured.err])
    assert WRONG not in said
    assert KEY not in said


@pytest.mark.parametrize(("method", "query"), [("GET", ""), ("GET", "?action=other"), ("PUT", ""), ("DELETE", "")])
async def test_any_other_request_is_not_allowed(function: Deployed, method: str, query: str) -> None:
    """What is neither a ring nor the question for the health is answered 405 as JSON."""
    answer = await function.http.request(method, f"/{query}", headers={"apikey": KEY})
    assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")


async def test_a_key_that_cannot_be_checked_opens_nothing(cut_off: Deployed) -> None:
    """Without the database nobody is let in: 503 as JSON, for it may pass."""
    answer = await cut_off.ring()
    assert (answer.status_code, answer.json()["ok"], answer.json()["error"]) == (503, False, "unavailable")


async def test_a_database_that_is_away_is_told_without_its_password(
    cut_off: Deployed, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither answers nor log hold anything of the database's URL."""
    answers = [await cut_off.ring(), await cut_off.health()]
    captured = capsys.readouterr()
    assert "password-sentinel-0815" not in " ".join([*(it.text for it in answers), captured.out, captured.err])


async def test_without_a_key_in_vault_nobody_comes_in(function: Deployed, connection: Connection) -> None:
    """As long as Vault holds no key, every key is refused with 503, by the secret's name."""
    await connection.execute("delete from vault.secrets where name = 'pulser_function_key'")
    answer = await function.ring()
    assert answer.status_code == 503
    assert "pulser_function_key is not in Vault" in answer.json()["message"]


async def test_a_changed_key_works_at_once(function: Deployed, call: Call) -> None:
    """A key that was changed in Vault opens without a redeploy, and the former one does not."""
    assert (await function.ring(wait=True)).status_code == 200
    await call("store_secret_v1", name="pulser_function_key", value="newer")
    assert (await function.ring(wait=True, headers={"apikey": "newer"})).status_code == 200
    assert (await function.ring()).status_code == 401


async def test_each_line_of_the_log_is_json(function: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """What a function writes to standard output is one JSON object a line, with time and level."""
    await function.ring(wait=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)


async def test_a_wrong_environment_is_named_in_the_log_alone(
    function: Deployed, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A function without a way to its database answers 503, and its log has the names of the variables."""
    environment.delenv("SUPABASE_DB_URL")
    answer = await function.health()
    assert (answer.status_code, "SUPABASE_DB_URL" in answer.text) == (503, False)
    assert "SUPABASE_DB_URL" in capsys.readouterr().out
