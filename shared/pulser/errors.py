"""What can go wrong, as a caller must tell it apart.

PulserError
├── Retryable            nothing happened; the same call may succeed later
│   ├── DatabaseUnavailable
│   │   └── DatabaseBehind   it lacks a function that this version calls: its migrations have not been applied
│   └── SlackHeld        Slack said no for now: a rate limit, an outage, a refused token
├── InDoubt              it may have happened or not (SlackInDoubt)
└── Permanent            the same call will fail again
    ├── DatabaseRefused
    ├── SlackRefused
    └── SecretMissing
"""

from __future__ import annotations


class PulserError(Exception):
    """Base of all errors of pulser. Their texts hold no secret (invariant 9)."""


class Retryable(PulserError):
    """Nothing happened; the same call may succeed later."""


class InDoubt(PulserError):
    """The effect may have happened or not: look before doing it again."""


class Permanent(PulserError):
    """The same call will fail again until a person changes something."""


class DatabaseUnavailable(Retryable):
    """The database cannot be reached, or has no room for us just now."""


class DatabaseBehind(DatabaseUnavailable):
    """It lacks the function that was called, until somebody applies the migrations. `code` is as of DatabaseRefused."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"the database is behind this version, apply the migrations first: {code}: {message}")
        self.code = code
        self.message = message


class DatabaseRefused(Permanent):
    """The database understood the call and said no. `code` is its SQLSTATE, or PostgREST's own code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class SecretMissing(Permanent):
    """Vault holds no secret of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the secret {name} is not in Vault")
        self.name = name


class SlackError(PulserError):
    """Base of what Slack, or the way to it, answered. `reason` is the error class or Slack's own error code."""

    def __init__(self, reason: str, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after = retry_after


class SlackHeld(SlackError, Retryable):
    """Slack did nothing and wants us to wait. `retry_after` in seconds where it said so."""


class SlackTokenRefused(SlackError, Retryable):
    """Slack refuses the token: nothing works until another one is in Vault."""


class SlackInDoubt(SlackError, InDoubt):
    """The request may have been carried out: the connection broke, or Slack answered with its own failure."""


class SlackRefused(SlackError, Permanent):
    """Slack understood the request and will never carry it out as it is."""
