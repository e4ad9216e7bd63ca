"""What the health of every function begins with: does the database answer, and has it all that the function calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pulser.database import Database
from pulser.errors import PulserError, SecretMissing
from pulser.http import BEHIND, of_database
from pulser.vault import Vault

CHECK_TIMEOUT = 3.0

Checks = dict[str, dict[str, Any]]


async def checked(ledger: Database, calls: Sequence[str], further: Callable[[], Awaitable[Checks]]) -> Checks:
    """Each check with `ok`, and what is wrong in words: the database's, then `further` ones if it is as it must be.

    `calls`: the SQL functions that the function calls; `missing` tells which of them the database lacks. No names of
    people, no secrets: whoever asks may read it.
    """
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            missing = await ledger.call("missing_functions_v1", {"wanted": list(calls)})
            if missing:
                return {"database": {"ok": False, "message": BEHIND, "missing": missing}}
            return {"database": {"ok": True}, **await further()}
    except (PulserError, TimeoutError) as error:
        return {"database": {"ok": False, "message": of_database(error)}}


async def vault_check(vault: Vault, secrets: Sequence[str]) -> dict[str, Any]:
    """Whether Vault holds these. Raises DatabaseUnavailable when it cannot be asked."""
    try:
        for name in secrets:
            await vault.read(name)
    except SecretMissing as error:
        return {"ok": False, "message": str(error)}
    return {"ok": True}
