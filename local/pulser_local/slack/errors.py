"""The one way in which a method of the simulated Web API says no."""

from __future__ import annotations

from collections.abc import Sequence

from pulser_local.slack.workspace import Json


class SlackError(Exception):
    """A refusal as Slack spells it. `problems` name the failing places by JSON pointer."""

    def __init__(
        self, code: str, problems: Sequence[str] = (), *, status: int = 200, details: Json | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.problems = tuple(problems)
        self.status = status
        self.details = details or {}

    def to_json(self) -> Json:
        """The body of the answer: Slack repeats the problems in `errors` and in response_metadata."""
        body: Json = {"ok": False, "error": self.code, **self.details}
        if self.problems:
            body["errors"] = list(self.problems)
            body["response_metadata"] = {"messages": [f"[ERROR] {problem}" for problem in self.problems]}
        return body


class RateLimitedError(SlackError):
    """HTTP 429; `retry_after` in whole seconds, at least 1."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("ratelimited", status=429)
        self.retry_after = retry_after
