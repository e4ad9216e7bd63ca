"""A database that fails at a named call, once, as a real one does: the errors are the server's and the driver's own."""

from __future__ import annotations

import re
from collections.abc import Mapping

import asyncpg

from pulser.database import Connection, Database, DirectDatabase, JsonValue
from tests.proof.faults import Faults

SLOW = 0.3  # seconds
_NAME = re.compile(r"select ops\.(\w+)\(")
_SERIALIZATION = "do $$ begin raise 'could not serialize access' using errcode = '40001'; end $$"
_FAILOVER = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and application_name = 'pulser' and pid <> pg_backend_pid()
"""


class FaultyDatabase(DirectDatabase):
    """The library's direct transport, whose way to the server can break."""

    def __init__(self, dsn: str, worker: str, faults: Faults) -> None:
        super().__init__(dsn)
        self.worker = worker
        self._faults = faults

    async def _fetch(self, connection: Connection, statement: str, values: list[JsonValue]) -> JsonValue:
        named = _NAME.match(statement)
        assert named is not None, statement
        fault = self._faults.meet("database", self.worker, named[1])
        match fault and fault.kind:
            case "behind":
                statement = statement.replace(named[1], f"{named[1]}_of_a_later_migration", 1)
            case "refused":
                raise ConnectionRefusedError
            case "read_only":
                await connection.execute("set default_transaction_read_only = on")
                try:
                    return await super()._fetch(connection, statement, values)
                finally:
                    await connection.execute("reset default_transaction_read_only")
            case "serialization":
                await connection.execute(_SERIALIZATION)
            case "slow":
                await connection.execute(f"select pg_sleep({SLOW})")
            case "failover":
                await self._fail_over()
            case "answer_lost":
                await super()._fetch(connection, statement, values)
                connection.terminate()
                raise ConnectionResetError
        return await super()._fetch(connection, statement, values)

    async def _fail_over(self) -> None:
        """The server ends all connections of pulser, this one too."""
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute(_FAILOVER)
        finally:
            await connection.close()


class TroubledDatabase:
    """Passes calls on; around one the worker sleeps past its lease, or the connections to Slack break."""

    def __init__(self, real: Database, worker: str, faults: Faults) -> None:
        self._real = real
        self._worker = worker
        self._faults = faults

    async def call(self, function: str, arguments: Mapping[str, JsonValue] | None = None) -> JsonValue:
        """As Database.call."""
        await self._trouble(f"before {function}", arguments)
        result = await self._real.call(function, arguments)
        if (arguments or {}).get("claim_token") in self._faults.slept:
            self._faults.late.append({"function": function, "said": result})
        await self._trouble(f"after {function}", result)
        return result

    async def close(self) -> None:
        """As Database.close."""
        await self._real.close()

    async def _trouble(self, name: str, said: JsonValue) -> None:
        if _is_of_a_claim(said) and self._faults.meet("sleep", self._worker, name) is not None:
            assert self._faults.on_sleep is not None
            self._faults.slept |= await self._faults.on_sleep(self._worker, said)
        if (fault := self._faults.meet("socket", self._worker, name)) is not None:
            assert self._faults.on_socket is not None
            self._faults.on_socket(fault.kind)


def _is_of_a_claim(said: JsonValue) -> bool:
    """Whether there is anything to lose: an idle look is not."""
    match said:
        case {"claim_token": str()} | {"deliveries": [_, *_]} | {"envelopes": [{"claim_token": str()}, *_]}:
            return True
        case {"events": [_, *_]} | {"reply": {}} | {"replies": [_, *_]}:
            return True
    return False
