"""Which SQL functions code calls."""

from __future__ import annotations

from pathlib import Path

from tools.contract.calls import called_by, reached


def write(folder: Path, **files: str) -> list[Path]:
    """Python files of these contents."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{name}.py" for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text)
    return paths


def test_a_call_is_found_however_its_name_comes_there(tmp_path: Path) -> None:
    """As an argument, in a constant, in a list; not in longer texts, nor in the lists of what is expected."""
    text = """
        '''take_v9 does much.'''
        CALLS: Final = ("take_v1",)
        OWN_CALLS = ["take_v2"]
        OTHER = "take_v3"
        ledger.call("take_v4", {"key": "take_v5 it"})
        ask(ledger, [("take_v6",)])
    """
    (file,) = write(tmp_path, one="\n".join(line.strip() for line in text.splitlines()))
    assert called_by([file]) == {"take_v3", "take_v4", "take_v6"}


def test_what_a_module_imports_is_reached_through_others(tmp_path: Path) -> None:
    """In either form of the import, and nothing that nobody imports."""
    library = tmp_path / "pulser"
    write(library, near="from pulser import far\n", far="", lost="")
    (own,) = write(tmp_path, own="from pulser.near import Thing\nimport json\n")
    assert {it.name for it in reached([own], library)} == {"own.py", "near.py", "far.py"}
