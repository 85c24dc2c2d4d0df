"""assess on a command line. Fails: a pipeline is green over resources that nobody looked at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.console import Console

SUBSCRIPTION = "22222222-2222-4222-8222-222222222201"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-store-weu"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stordersweu"
AZURE = ("--simulate", "az.json")


def test_what_is_found_is_shown_saved_compared_and_planned(console: Console, tmp_path: Path) -> None:
    found = console(*AZURE, "assess", "--scope", GROUP, "-o", "before.json", "--write-plans", "plans")
    assert found.code == 0
    assert "stordersweu" in found.out
    assert "properties.encryption.keySource is Microsoft.Storage" in found.out
    (plan,) = (tmp_path / "plans").iterdir()
    assert found.err == f"plan: plans/{plan.name}\n"

    again = console(*AZURE, "assess", "--scope", GROUP, "--compare", "before.json")
    assert "MOVED SINCE" in again.out
    assert "(0)" in again.out


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("--scope", SUBSCRIPTION, "--service", "sqll"), 64, "error[CMK100] sqll: no such service; there are sql, "),
        (("--scope", SUBSCRIPTION, "--cloud", "Nope"), 1, "error[CMK102] cloud: 'Nope' is not a cloud"),
        (("--scope", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-typo", "--detailed-exitcode"), 2, ""),
    ],
)
def test_what_there_is_none_of_is_never_called_compliant(
    console: Console, tmp_path: Path, arguments: tuple[str, ...], exit_code: int, said: str
) -> None:
    outcome = console(*AZURE, "assess", *arguments)

    assert outcome.code == exit_code
    assert said in outcome.err
    assert said or "there is no such resource group" in " ".join(outcome.out.split())
    assert bool(said) != (tmp_path / "az.json").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--scope", ACCOUNT), 2),
        (("--scope", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-cache-weu", "--name", "redis-ledger-weu"), 0),
        (("--scope", "99999999-9999-4999-8999-999999999999"), 2),
    ],
    ids=["not compliant", "compliant", "not readable"],
)
def test_the_exit_code_tells_a_pipeline(console: Console, arguments: tuple[str, ...], code: int) -> None:
    assert console(*AZURE, "assess", *arguments, "--detailed-exitcode").code == code
    assert console(*AZURE, "assess", *arguments).code == 0


def test_exemptions_and_findings_of_other_tools_are_read(console: Console, tmp_path: Path) -> None:
    (tmp_path / "exempt.yaml").write_text(
        f"exemptions:\n  - resource_id: {ACCOUNT}\n    owner: orders\n    reason: goes away\n    expires: 2031-01-01\n",
        encoding="utf-8",
    )
    states = [{"resourceId": ACCOUNT, "complianceState": "NonCompliant", "policyDefinitionName": STORAGE}]
    (tmp_path / "states.json").write_text(json.dumps(states), encoding="utf-8")
    found = console(*AZURE, "assess", "--from", "states.json", "--exemptions", "exempt.yaml", "--detailed-exitcode")
    assert found.code == 0
    assert "exempt until 2031-01-01: goes away (orders)" in found.out


STORAGE = "6fac406b-40ca-413b-bf8e-0bf964659c25"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "CMK100"),
        (("--scope", GROUP, "--tag", "confidential"), "CMK100"),
        (("--scope", "everything"), "CMK122"),
        (("--scope", GROUP, "-o", "missing/file.json"), "CMK118"),
        (("--scope", GROUP, "--compare", "none.json"), "CMK921"),
        (("--from", "none.json"), "CMK921"),
        (("--scope", GROUP, "--exemptions", "none.yaml"), "CMK101"),
        (("--scope", GROUP, "--vault", "kv"), "CMK103"),
    ],
)
def test_what_cannot_be_is_refused_before_azure_is_asked(
    console: Console, arguments: tuple[str, ...], code: str
) -> None:
    found = console(*AZURE, "assess", *arguments)
    assert found.code in (1, 64)
    assert code in found.err
    assert "Traceback" not in found.err
    assert "0 requests" in console(*AZURE, "requests").out
