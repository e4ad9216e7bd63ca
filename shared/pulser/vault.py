"""Secrets, from Vault only, remembered for a bounded time (invariant 9)."""

from __future__ import annotations

import time
from collections.abc import Callable

from pydantic import SecretStr

from pulser.database import Database
from pulser.errors import SecretMissing

REMEMBERED_FOR = 60.0  # seconds: a secret changed in Vault is used after this at the latest


class Vault:
    """Reads secrets by name through read_secret_v1 and forgets them after a while."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._remembered: dict[str, tuple[float, SecretStr]] = {}

    async def read(self, name: str, *, anew: bool = False) -> SecretStr:
        """The secret `name`. `anew` asks Vault whatever is remembered: after Slack refused a token, for instance.

        Raises SecretMissing when Vault has none, DatabaseUnavailable when Vault cannot be asked.
        """
        remembered = self._remembered.get(name)
        if remembered is not None and not anew and remembered[0] > self._clock():
            return remembered[1]
        value = await self._database.call("read_secret_v1", {"name": name})
        if not value:
            self._remembered.pop(name, None)
            raise SecretMissing(name)
        secret = SecretStr(str(value))
        self._remembered[name] = (self._clock() + REMEMBERED_FOR, secret)
        return secret
