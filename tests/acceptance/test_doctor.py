"""`pulser doctor` beside a `pulser dev`, each in a process of its own, as a person starts them."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

from tests.acceptance.stack import PULSER, Dev, environment, running, until


async def pulser(folder: Path, *arguments: str) -> tuple[int | None, str]:
    """The command in a folder; its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        str(PULSER), *arguments, cwd=folder, env=environment(), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(process.communicate(), timeout=60)
    return process.returncode, output.decode()


async def findings(dev: Dev) -> list[dict[str, Any]]:
    """What the doctor finds that is not right."""
    code, printed = await pulser(dev.folder, "doctor", "--json")
    assert code in (0, 1), printed
    return [it for it in json.loads(printed)["findings"] if it["level"] != "ok"]


async def test_a_stack_is_well_and_a_function_that_hangs_is_found(tmp_path: Path) -> None:
    """Once a message was posted and cron has had its first turn, all is right. A function that is stopped is named."""
    async with running(tmp_path) as dev:
        await pulser(tmp_path, "emit", "ci.failed", "--service", "api")

        async def all_is_right() -> bool:
            return await findings(dev) == []

        await until(all_is_right, limit=60)
        hung = dev.run_file()["children"]["command-handler"]
        os.killpg(hung, signal.SIGSTOP)
        try:
            code, printed = await pulser(tmp_path, "doctor")
        finally:
            os.killpg(hung, signal.SIGCONT)
        assert code == 1
        assert printed.startswith("wrong    functions: command-handler does not answer the database in time"), printed
        assert printed.splitlines()[-1].startswith("1 wrong; "), printed
