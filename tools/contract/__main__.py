"""python -m tools.contract: supabase/contract.json, the SQL functions that this release calls, as they are now."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from pulser.http import VERSION
from pulser_local.migrations import migrate
from pulser_local.postgres import PostgresServer
from pulser_local.standins import install_standins
from tools.contract import ContractError
from tools.contract.calls import called_by, callers
from tools.contract.released import Contract, Function
from tools.contract.schema import read_functions

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "supabase" / "contract.json"


async def migrated_functions(folder: Path) -> dict[str, Function]:
    """The functions of a new database with all migrations. The server lives in this folder meanwhile."""
    server = await PostgresServer.start(folder)
    try:
        await install_standins(server.url)
        await migrate(server.url)
        return await read_functions(server.url)
    finally:
        await server.stop()


def contract_of(functions: dict[str, Function]) -> Contract:
    """What of these the code here calls. Raises ContractError when it calls one that is not there."""
    called = sorted(called_by(callers(ROOT)))
    if lacking := [it for it in called if it not in functions]:
        raise ContractError(f"no migration makes {', '.join(lacking)}")
    return Contract(VERSION, {name: functions[name] for name in called})


def main() -> str | None:
    """Write the file; the error text, or None."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            contract = contract_of(asyncio.run(migrated_functions(Path(folder))))
        except ContractError as error:
            return str(error)
    FILE.write_text(contract.to_json())
    sys.stdout.write(f"{FILE.relative_to(ROOT)}: {len(contract.functions)} functions of {VERSION}\n")
    return None


if __name__ == "__main__":
    sys.exit(main())
