"""python -m tools.bundle <function>…: build/<function>/, a folder that deploys alone."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.bundle import BundleError
from tools.bundle.folder import make_bundle

ROOT = Path(__file__).resolve().parents[2]


def main(names: list[str]) -> str | None:
    """Make the bundles; the error text, or None."""
    for name in names:
        try:
            make_bundle(ROOT, name, ROOT / "build" / name)
        except BundleError as error:
            return f"{name}: {error}"
        sys.stdout.write(f"build/{name}: deploys alone; its README says how\n")
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
