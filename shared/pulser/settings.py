"""The environment of a function: the names that Supabase gives its Edge Functions, and Slack's address."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated

from pydantic import Field, HttpUrl, Json, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Secret = Annotated[SecretStr, Field(min_length=1)]


class Settings(BaseSettings):
    """Read from the environment once. The Supabase key is the single bootstrap credential (invariant 9).

    Raises pydantic.ValidationError, whose text names the variable, when neither way to the database is given.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, env_ignore_empty=True)

    supabase_url: HttpUrl | None = None
    supabase_service_role_key: SecretStr | None = None
    # {"default": "sb_secret_…"}: what replaces the service role key on newer projects.
    supabase_secret_keys: Json[Annotated[dict[str, Secret], Field(min_length=1)]] | None = None
    supabase_db_url: SecretStr | None = None
    slack_api_url: HttpUrl = HttpUrl("https://slack.com/api/")
    # How long one invocation goes on working, in seconds; the runtime ends it at 400.
    pulser_drain_seconds: float = Field(default=50.0, ge=1, le=300)
    pulser_log_level: str = Field(default="INFO", pattern="^(?i:debug|info|warning|error|critical)$")

    @field_validator("supabase_db_url")
    @classmethod
    def _is_of_postgres(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        return url

    @model_validator(mode="after")
    def _has_a_way_to_the_database(self) -> Settings:
        if self.supabase_db_url is None and (self.supabase_url is None or self.key is None):
            raise ValueError(
                "set SUPABASE_DB_URL, or SUPABASE_URL with SUPABASE_SERVICE_ROLE_KEY or SUPABASE_SECRET_KEYS"
            )
        return self

    @cached_property
    def key(self) -> str | None:
        """The key for the Data API: the default secret key where there is one, else the service role key."""
        if self.supabase_secret_keys is not None:
            keys = self.supabase_secret_keys
            return keys.get("default", next(iter(keys.values()))).get_secret_value()
        if self.supabase_service_role_key is not None:
            return self.supabase_service_role_key.get_secret_value()
        return None
