"""The environment of a function: what is missing or wrong is named, and no secret is shown."""

from __future__ import annotations

import json
import traceback

import pytest
from pydantic import ValidationError

from pulser.database import DirectDatabase, connect
from pulser.database_rest import RestDatabase
from pulser.settings import Settings

SENTINEL = "sentinel-4711-secret"
DSN = f"postgresql://postgres:{SENTINEL}@127.0.0.1:5432/postgres"
REST = {"SUPABASE_URL": "http://127.0.0.1:54321", "SUPABASE_SERVICE_ROLE_KEY": SENTINEL}


class Environment:
    """What Settings read in a test, and nothing of the machine's own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        for field in Settings.model_fields:
            monkeypatch.delenv(field.upper(), raising=False)
            monkeypatch.delenv(field, raising=False)

    def settings(self, **variables: str) -> Settings:
        """Settings in an environment of these variables."""
        for name, value in variables.items():
            self._monkeypatch.setenv(name, value)
        return Settings()

    def refusal(self, **variables: str) -> str:
        """All that a log would show of the error for an environment of these variables."""
        with pytest.raises(ValidationError) as caught:
            self.settings(**variables)
        return "".join(traceback.format_exception(caught.value))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An empty environment."""
    return Environment(monkeypatch)


def test_both_ways_to_the_database_are_named_when_neither_is_given(environment: Environment) -> None:
    """An empty environment is refused with the names of the variables to set."""
    text = environment.refusal()
    assert "SUPABASE_DB_URL" in text
    assert "SUPABASE_SERVICE_ROLE_KEY" in text


@pytest.mark.parametrize("missing", sorted(REST))
def test_half_a_way_to_the_data_api_is_refused_by_name(environment: Environment, missing: str) -> None:
    """An address without a key, or a key without an address, is refused by the name of what lacks."""
    text = environment.refusal(**{name: value for name, value in REST.items() if name != missing})
    assert missing in text
    assert SENTINEL not in text


@pytest.mark.parametrize("empty", sorted(REST))
def test_an_empty_variable_is_a_missing_one(environment: Environment, empty: str) -> None:
    """A variable that is set to nothing counts as not set."""
    assert empty in environment.refusal(**{**REST, empty: ""})


def test_an_empty_database_url_leaves_the_data_api(environment: Environment) -> None:
    """SUPABASE_DB_URL set to nothing does not lead to whatever database the machine has."""
    assert isinstance(connect(environment.settings(**REST, SUPABASE_DB_URL="")), RestDatabase)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SUPABASE_URL", f"not a url {SENTINEL}"),
        ("SUPABASE_URL", f"ftp://{SENTINEL}"),
        ("SUPABASE_DB_URL", f"https://u:{SENTINEL}@db"),
        ("SUPABASE_DB_URL", SENTINEL),
        ("SLACK_API_URL", f"slack {SENTINEL}"),
        ("SUPABASE_SECRET_KEYS", SENTINEL),
        ("SUPABASE_SECRET_KEYS", "{}"),
        ("SUPABASE_SECRET_KEYS", f'["{SENTINEL}"]'),
        ("SUPABASE_SECRET_KEYS", f'{{"default": ["{SENTINEL}"]}}'),
        ("SUPABASE_SECRET_KEYS", '{"default": ""}'),
        ("SUPABASE_SECRET_KEYS", f'{{"default": "{SENTINEL}'),
        ("PULSER_DRAIN_SECONDS", f"soon {SENTINEL}"),
        ("PULSER_DRAIN_SECONDS", "0"),
        ("PULSER_DRAIN_SECONDS", "301"),
        ("PULSER_DRAIN_SECONDS", "nan"),
        ("PULSER_LOG_LEVEL", f"LOUD {SENTINEL}"),
    ],
)
def test_a_wrong_variable_is_named_and_not_shown(environment: Environment, name: str, value: str) -> None:
    """The error names the variable that is wrong, and shows nothing of any value."""
    text = environment.refusal(**{**REST, name: value})
    assert name.lower() in text.lower()
    assert SENTINEL not in text


def test_a_database_url_is_enough(environment: Environment) -> None:
    """SUPABASE_DB_URL alone leads to the direct transport."""
    assert isinstance(connect(environment.settings(SUPABASE_DB_URL=DSN)), DirectDatabase)


def test_a_database_url_comes_before_the_data_api(environment: Environment) -> None:
    """With both ways given, the direct one is taken."""
    assert isinstance(connect(environment.settings(**REST, SUPABASE_DB_URL=DSN)), DirectDatabase)


def test_the_data_api_is_used_without_a_database_url(environment: Environment) -> None:
    """SUPABASE_URL with a key leads to PostgREST."""
    assert isinstance(connect(environment.settings(**REST)), RestDatabase)


def test_the_service_role_key_is_the_key(environment: Environment) -> None:
    """Without secret keys the service role key opens the Data API."""
    assert environment.settings(**REST).key == SENTINEL


def test_the_default_secret_key_is_the_key(environment: Environment) -> None:
    """Of several secret keys the one named default is taken, before the service role key."""
    keys = json.dumps({"other": "sb_secret_other", "default": "sb_secret_default"})
    assert environment.settings(**REST, SUPABASE_SECRET_KEYS=keys).key == "sb_secret_default"


def test_any_secret_key_will_do_without_a_default(environment: Environment) -> None:
    """The first secret key is taken where none is named default."""
    keys = json.dumps({"pulser": "sb_secret_pulser"})
    settings = environment.settings(SUPABASE_URL=REST["SUPABASE_URL"], SUPABASE_SECRET_KEYS=keys)
    assert settings.key == "sb_secret_pulser"


def test_there_is_no_key_where_none_is_needed(environment: Environment) -> None:
    """With the direct transport alone there is no key."""
    assert environment.settings(SUPABASE_DB_URL=DSN).key is None


def test_slack_is_slack_unless_told_otherwise(environment: Environment) -> None:
    """SLACK_API_URL defaults to Slack's own address."""
    assert str(environment.settings(**REST).slack_api_url) == "https://slack.com/api/"


def test_slack_can_be_elsewhere(environment: Environment) -> None:
    """SLACK_API_URL is taken as it stands."""
    settings = environment.settings(**REST, SLACK_API_URL="http://127.0.0.1:9/api/")
    assert str(settings.slack_api_url) == "http://127.0.0.1:9/api/"


@pytest.mark.parametrize("level", ["DEBUG", "info", "Warning"])
def test_a_log_level_is_a_level_in_any_case(environment: Environment, level: str) -> None:
    """PULSER_LOG_LEVEL is understood in capitals and without."""
    assert environment.settings(**REST, PULSER_LOG_LEVEL=level).pulser_log_level == level


def test_settings_show_no_secret(environment: Environment) -> None:
    """Neither repr nor str nor a JSON dump of the settings holds a secret."""
    keys = json.dumps({"default": f"sb_secret_{SENTINEL}"})
    settings = environment.settings(**REST, SUPABASE_DB_URL=DSN, SUPABASE_SECRET_KEYS=keys)
    assert SENTINEL not in f"{settings!r} {settings} {settings.model_dump_json(exclude={'key'})}"


def test_settings_cannot_be_changed(environment: Environment) -> None:
    """What was read from the environment stays."""
    settings = environment.settings(**REST)
    with pytest.raises(ValidationError):
        settings.pulser_log_level = "DEBUG"  # type: ignore[misc]  # that it is refused is the fact
