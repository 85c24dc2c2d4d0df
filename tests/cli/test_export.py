"""export-estate on a command line: the file, and on stderr what is not in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.console import Console

GROUP = "/subscriptions/22222222-2222-4222-8222-222222222201/resourceGroups/rg-sql-weu"


def test_the_file_seeds_an_embedded_azure_and_what_is_missing_is_on_stderr(console: Console, tmp_path: Path) -> None:
    found = console("--simulate", "az.json", "export-estate", "--scope", GROUP, "-o", "estate.yaml")

    assert (found.code, found.out) == (0, "")
    assert "not in the estate: " in found.err
    assert "sql-billing-neu: named in the export, but outside of its scopes" in found.err
    assert (tmp_path / "estate.yaml").read_text(encoding="utf-8").startswith("# An estate, as ")

    seen = console("-q", "--simulate", "copy.json", "--estate", "estate.yaml", "export-estate", "--scope", GROUP)
    assert seen.code == 0
    assert "sql-orders-weu" in seen.out


def test_where_the_file_cannot_be_written_azure_is_not_asked(console: Console, tmp_path: Path) -> None:
    found = console("--simulate", "az.json", "export-estate", "--scope", GROUP, "-o", "missing/estate.yaml")

    assert found.code == 1
    assert "CMK118" in found.err
    assert not (tmp_path / "az.json").exists()


def test_a_scope_that_is_none_is_refused(console: Console) -> None:
    for scope in ("everything", GROUP.replace("rg-sql-weu", "rg-typo")):
        found = console("--simulate", "az.json", "export-estate", "--scope", scope)

        assert found.code == 1
        assert "CMK122" in found.err


def test_a_cloud_that_there_is_none_of_is_refused(console: Console) -> None:
    found = console("--simulate", "az.json", "export-estate", "--scope", GROUP, "--cloud", "Nope")

    assert found.code == 1
    assert "error[CMK102] cloud: 'Nope' is not a cloud" in found.err
