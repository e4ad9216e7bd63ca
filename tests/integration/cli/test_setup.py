"""`pulser setup` without a terminal: what is given counts, what is missing is said, and repeating changes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import yaml
from typer.testing import CliRunner, Result

from pulser_cli.main import app
from pulser_local.migrations import find_migrations
from pulser_local.standins import install_standins
from tests.fixtures.postgres import Connection, administer
from tests.integration.cli.conftest import NO_ENVIRONMENT, Pulser
from tests.repository.tree import ROOT

FILE = ROOT / "ssot" / "integrations" / "slack" / "pulser.yaml"
AT = "https://project.example/functions/v1"
TOKENS = {"slack_bot_token": "xoxb-sentinel-1", "slack_app_token": "xapp-sentinel-2"}
NO_RIGHTS = "create role setup_stranger login password 'SENTINEL';"
SOME_RIGHTS = (
    NO_RIGHTS
    + """
    grant create on database {database} to setup_stranger;
    grant usage on schema net, cron, vault to setup_stranger;
    create schema supabase_migrations;
"""
)
SECRETS = "select name, decrypted_secret, updated_at from vault.decrypted_secrets order by name"
HISTORY = "select count(*) from supabase_migrations.schema_migrations"


@pytest.fixture
async def project_url(plain_database_url: str) -> str:
    """A project as Supabase hands it out: the roles and the extensions, and nothing of pulser."""
    await install_standins(plain_database_url)
    return plain_database_url


@pytest.fixture
def secrets(tmp_path: Path) -> str:
    """A file with the tokens of a Slack app."""
    path = tmp_path / "secrets.json"
    path.write_text(json.dumps(TOKENS))
    return str(path)


@pytest.fixture
def with_hooks(tmp_path: Path) -> str:
    """pulser.yaml with a service that is deployed by a webhook."""
    content = yaml.safe_load(FILE.read_text())
    hook = {"type": "webhook", "url": "https://deployer.example/", "secret": "pulser_hook_api"}
    content["services"] = [{"service": "api", "environments": ["production"], "deploy": hook}]
    path = tmp_path / "pulser.yaml"
    path.write_text(yaml.safe_dump(content))
    return str(path)


def told(result: Result) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(result.stdout)
    return {it["step"]: it["state"] for it in content["steps"]} | content


async def test_a_new_project_is_installed_in_one_go(bare_pulser: Pulser, project_url: str, secrets: str) -> None:
    """Migrations, routes, secrets, the address and the key: nothing is missing afterwards."""
    result = await bare_pulser(
        *("setup", "--yes", "--json", "--secrets", secrets, "--functions-url", f"{AT}/"), SUPABASE_DB_URL=project_url
    )
    assert result.exit_code == 0, result.output
    assert (told(result)["is_complete"], told(result)["missing"]) == (True, [])


async def test_what_it_stores_is_what_it_was_given(
    bare_pulser: Pulser, database_url: str, connection: Connection, secrets: str
) -> None:
    """The values stand in Vault, and the key of the functions is long and random."""
    await bare_pulser("setup", "--yes", "--secrets", secrets, "--functions-url", f"{AT}/", SUPABASE_DB_URL=database_url)
    held = {row["name"]: row["decrypted_secret"] for row in await connection.fetch(SECRETS)}
    assert held.items() >= (TOKENS | {"pulser_functions_url": AT}).items()
    assert len(held["pulser_function_key"]) == 64


async def test_repeating_changes_nothing(
    bare_pulser: Pulser, database_url: str, connection: Connection, secrets: str
) -> None:
    """No secret is written again, the key least of all."""
    arguments = ("setup", "--yes", "--json", "--secrets", secrets, "--functions-url", AT)
    await bare_pulser(*arguments, SUPABASE_DB_URL=database_url)
    before = await connection.fetch(SECRETS)
    result = await bare_pulser(*arguments, SUPABASE_DB_URL=database_url)
    assert {it["state"] for it in told(result)["steps"]} == {"unchanged", "left out"}
    assert await connection.fetch(SECRETS) == before


async def test_what_is_missing_is_said_and_ends_with_1(bare_pulser: Pulser, database_url: str) -> None:
    """All that needs no secret is done nevertheless."""
    result = await bare_pulser("setup", "--yes", "--json", SUPABASE_DB_URL=database_url)
    assert result.exit_code == 1
    assert told(result)["missing"] == ["slack_bot_token", "slack_app_token", "pulser_functions_url"]
    assert told(result)["routes"] == "done"


async def test_the_secret_of_a_hook_is_asked_for(
    bare_pulser: Pulser, database_url: str, secrets: str, with_hooks: str
) -> None:
    """A deploy that is approved would fail without it."""
    result = await bare_pulser(
        *("setup", "--yes", "--json", "--secrets", secrets, "--functions-url", AT, "--file", with_hooks),
        SUPABASE_DB_URL=database_url,
    )
    assert (told(result)["missing"], told(result)["services"]) == (["pulser_hook_api"], "done")


async def test_over_http_another_secret_is_needed(
    bare_pulser: Pulser, database_url: str, connection: Connection, secrets: str
) -> None:
    """The signing secret; the token of Socket Mode can be left out."""
    await connection.execute("select ops.set_transport_v1('http', 'a test')")
    result = await bare_pulser(
        *("setup", "--yes", "--json", "--secrets", secrets, "--functions-url", AT), SUPABASE_DB_URL=database_url
    )
    assert told(result)["missing"] == ["slack_signing_secret"]


async def test_a_file_without_services_removes_none(
    bare_pulser: Pulser, database_url: str, connection: Connection, with_hooks: str
) -> None:
    """Nobody has filled it in yet, it seems; what people deploy with stays."""
    await bare_pulser("setup", "--yes", "--file", with_hooks, SUPABASE_DB_URL=database_url)
    result = await bare_pulser("setup", "--yes", "--json", "--file", str(FILE), SUPABASE_DB_URL=database_url)
    assert told(result)["services"] == "left out"
    assert await connection.fetchval("select count(*) from ops.services") == 1


async def test_without_an_answer_nothing_is_applied(bare_pulser: Pulser, project_url: str) -> None:
    """A script must say --yes."""
    result = await bare_pulser("setup", SUPABASE_DB_URL=project_url)
    assert result.exit_code == 1
    assert f"Apply {len(find_migrations(ROOT / 'supabase' / 'migrations'))} migrations" in result.stderr
    assert "Give --yes" in result.stderr


async def test_a_database_that_is_no_project_is_refused(bare_pulser: Pulser, plain_database_url: str) -> None:
    """Before anything is changed there."""
    result = await bare_pulser("setup", "--yes", SUPABASE_DB_URL=plain_database_url)
    assert result.exit_code == 1
    assert "is no Supabase project" in result.stderr or "is not to be had" in result.stderr


async def test_an_extension_that_is_not_to_be_had_is_named(bare_pulser: Pulser, project_url: str) -> None:
    """With what to do about it."""
    await administer(project_url, "drop schema net cascade")
    result = await bare_pulser("setup", "--yes", SUPABASE_DB_URL=project_url)
    assert "The extension pg_net is not to be had" in result.stderr
    assert "Database, Extensions" in result.stderr


@pytest.mark.parametrize("rights", [NO_RIGHTS, SOME_RIGHTS], ids=["no right at all", "not the history's owner"])
async def test_who_is_not_the_owner_is_told_so(bare_pulser: Pulser, project_url: str, rights: str) -> None:
    """In a line, with who is; nothing is applied."""
    parts = urlsplit(project_url)
    await administer(project_url, rights.format(database=parts.path[1:]))
    stranger = urlunsplit(parts._replace(netloc=f"setup_stranger:SENTINEL@{parts.hostname}:{parts.port}"))
    try:
        result = await bare_pulser("setup", "--yes", SUPABASE_DB_URL=stranger)
    finally:
        await administer(project_url, "drop owned by setup_stranger; drop role setup_stranger")
    said = ("as the owner of the database" in result.stderr, "SENTINEL" in result.output)
    assert (result.exit_code, *said) == (1, True, False), result.output


async def test_nobody_can_be_asked_for_a_change_without_a_terminal(
    bare_pulser: Pulser, database_url: str, secrets: str
) -> None:
    """Else a script would believe that it had changed the secret; what is given, is changed."""
    asked = ("setup", "--yes", "--change", "slack_bot_token")
    alone = await bare_pulser(*asked, SUPABASE_DB_URL=database_url)
    assert (alone.exit_code, "slack_bot_token: give it in --secrets" in alone.stderr) == (2, True)
    given = await bare_pulser(*asked, "--json", "--secrets", secrets, SUPABASE_DB_URL=database_url)
    assert told(given)["slack_bot_token"] == "done"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("slack_bot_token", "xoxp-SENTINEL"),
        ("slack_bot_token", "xoxb-SENTI NEL"),
        ("slack_app_token", "xoxb-SENTINEL"),
        ("slack_signing_secret", "xapp-SENTINEL"),
        ("pulser_functions_url", "https://user:SENTINEL@project.example/functions/v1"),
        ("pulser_functions_url", "http://project.example/SENTINEL"),
        ("pulser_functions_url", "https://[SENTINEL"),
    ],
)
async def test_a_value_that_cannot_be_right_is_refused_and_not_shown(
    bare_pulser: Pulser, database_url: str, tmp_path: Path, name: str, value: str
) -> None:
    """It may be another secret, pasted into the wrong place."""
    (tmp_path / "s.json").write_text(json.dumps({name: value}))
    result = await bare_pulser("setup", "--yes", "--secrets", str(tmp_path / "s.json"), SUPABASE_DB_URL=database_url)
    assert (result.exit_code, f"cannot be {name}" in result.stderr, "SENTINEL" in result.output) == (1, True, False)


@pytest.mark.parametrize("content", ["", "xoxb-SENTINEL", '["xoxb-SENTINEL"]', '{"slack_bot_token": 5}'])
async def test_a_file_that_is_no_list_of_secrets_is_refused(
    bare_pulser: Pulser, database_url: str, tmp_path: Path, content: str
) -> None:
    """Called wrongly; nothing of it is shown."""
    (tmp_path / "s.json").write_text(content)
    result = await bare_pulser("setup", "--yes", "--secrets", str(tmp_path / "s.json"), SUPABASE_DB_URL=database_url)
    assert (result.exit_code, "SENTINEL" in result.output) == (2, False)


@pytest.mark.parametrize("option", ["--secrets", "--change"])
async def test_a_name_that_nobody_reads_is_refused(
    bare_pulser: Pulser, database_url: str, tmp_path: Path, option: str
) -> None:
    """A typing error must not leave the right one missing."""
    (tmp_path / "s.json").write_text('{"slack_bot_tokne": "xoxb-1"}')
    value = str(tmp_path / "s.json") if option == "--secrets" else "slack_bot_tokne"
    result = await bare_pulser("setup", "--yes", option, value, SUPABASE_DB_URL=database_url)
    assert (result.exit_code, "slack_bot_tokne" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "set SUPABASE_DB_URL"),
        ("mysql://u:SENTINEL@h/d", "begins with postgresql://"),
        ("postgresql://u:SENTINEL@h:x/d", "begins with postgresql://"),
        ("postgresql://u:SENTINEL@pooler.example:6543/postgres", "session pooler"),
    ],
)
async def test_a_database_that_will_not_do_is_said_to_at_once(bare_pulser: Pulser, url: str, said: str) -> None:
    """Without its password."""
    result = await bare_pulser("setup", "--yes", SUPABASE_DB_URL=url)
    assert (result.exit_code, said in result.stderr, "SENTINEL" in result.output) == (2, True, False)


async def test_a_database_that_is_away_is_said_without_its_password(bare_pulser: Pulser) -> None:
    """Nothing listens there."""
    result = await bare_pulser("setup", "--yes", SUPABASE_DB_URL="postgresql://u:SENTINEL@127.0.0.1:1/d")
    assert (result.exit_code, "127.0.0.1:1/d" in result.stderr, "SENTINEL" in result.output) == (1, True, False)


def test_the_secrets_can_come_from_another_program(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a pipe: they stand in no file and in no history."""
    monkeypatch.chdir(ROOT)
    result = CliRunner().invoke(
        app,
        ["setup", "--yes", "--json", "--secrets", "-", "--functions-url", AT],
        input=json.dumps(TOKENS),
        env=NO_ENVIRONMENT | {"SUPABASE_DB_URL": database_url},
    )
    assert told(result)["slack_bot_token"] == "done"


async def test_the_doctor_finds_nothing_wrong_inside_afterwards(
    bare_pulser: Pulser, project_url: str, secrets: str
) -> None:
    """What a person would have to type is all there."""
    await bare_pulser("setup", "--yes", "--secrets", secrets, "--functions-url", AT, SUPABASE_DB_URL=project_url)
    result = await bare_pulser(
        "doctor", "--json", "--slack-api-url", "http://127.0.0.1:1/api/", SUPABASE_DB_URL=project_url
    )
    inside = {"migrations", "grants", "vault", "extensions"}
    wrong = [it for it in json.loads(result.stdout)["findings"] if it["level"] == "wrong" and it["check"] in inside]
    assert wrong == []
