"""The environment of notify-dispatch: what all functions read, and GitHub's address."""

from __future__ import annotations

from pydantic import HttpUrl, field_validator

from notify_dispatch.hook_request import is_safe_to_call
from pulser.settings import Settings


class DispatchSettings(Settings):
    """As Settings, with `GITHUB_API_URL` for a GitHub Enterprise Server, or for a stand-in on the loopback."""

    github_api_url: HttpUrl = HttpUrl("https://api.github.com")

    @field_validator("github_api_url")
    @classmethod
    def _is_safe(cls, url: HttpUrl) -> HttpUrl:
        if not is_safe_to_call(str(url)):
            raise ValueError("must begin with https:// (http:// only on the loopback)")
        return url
