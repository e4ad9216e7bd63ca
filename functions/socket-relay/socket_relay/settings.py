"""The environment of the relay as a function."""

from __future__ import annotations

from pydantic import Field

from pulser.settings import Settings


class RelaySettings(Settings):
    """As every function's, and how long one run lasts."""

    # Seconds. The runtime ends an invocation at 400, and a run that hands over must be over before that.
    pulser_relay_seconds: float = Field(default=300.0, ge=20, le=390)
    # Seconds after SIGTERM in which another process may take over; the runtime kills at 10.
    pulser_stop_seconds: float = Field(default=7.5, ge=0, le=300)
