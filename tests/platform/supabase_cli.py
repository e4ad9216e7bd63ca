"""Supabase's own command line, without Docker and without an account: against the URL of a database."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.repository.tree import ROOT

PROGRAM = Path(__file__).parent / "node_modules" / ".bin" / "supabase"


@dataclass(frozen=True, slots=True)
class SupabaseCli:
    """Runs in a copy of the project's folder, since it writes beside what it reads."""

    folder: Path
    url: str

    @classmethod
    def of_the_project(cls, folder: Path, url: str) -> SupabaseCli:
        """One for a copy of supabase/ in the folder."""
        shutil.copytree(ROOT / "supabase", folder / "supabase")
        return cls(folder, url)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`supabase <words>` against the database, as CI of whoever deploys would."""
        return subprocess.run(
            [PROGRAM, *words, f"--remote={self.url}", "--yes", "--agent", "no"],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "DO_NOT_TRACK": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def findings(self, *words: str) -> list[dict[str, Any]]:
        """The results of a checking command."""
        done = self.run(*words, "--output-format", "json")
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout)["results"])
