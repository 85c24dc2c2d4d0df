"""Without these a user's own tests could pass on a plan that breaks a law, or not find the fixture at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.docs.markdown import blocks, text_of

if TYPE_CHECKING:
    import pytest

pytest_plugins = ["pytester"]

LAWLESS = """
import json

from cmk_remediate.simulator.settings import Settings
from cmk_remediate.simulator.tokens import Claims, minted
from cmk_remediate.simulator.wire import Incoming

VAULT = (
    "/subscriptions/22222222-2222-4222-8222-222222222201/resourceGroups/rg-legacy/providers/Microsoft.KeyVault/vaults/"
    "kv-legacy-weu"
)


def shut_everybody_out(azure):
    who = azure.operator
    token = minted(Claims(who["object_id"], who["tenant"], "https://management.azure.com", 0.0))
    url = f"https://management.azure.com{VAULT}?api-version=2023-07-01"
    body = json.dumps({"properties": {"enableRbacAuthorization": True}}).encode()
    assert azure.answer(Incoming("PATCH", url, {"authorization": f"Bearer {token}"}, body)).status == 200


def test_unaware(cmk_azure):
    shut_everybody_out(cmk_azure(settings=Settings.immediate()))
"""


def registered(pytester: pytest.Pytester) -> None:
    pytester.makeconftest('pytest_plugins = ["cmk_remediate.simulator.pytest_plugin"]')


def test_the_test_in_the_page_passes(pytester: pytest.Pytester) -> None:
    conftest, test = (
        one.code
        for one in blocks(text_of("docs/simulator.md"), "python")
        if "pytest_plugins" in one.code or "def test_" in one.code
    )
    pytester.makeconftest(conftest)
    pytester.makepyfile(test)
    pytester.mkdir("plans").joinpath("sql.yaml").write_text(text_of("plans/sql.yaml"), encoding="utf-8")

    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_a_plan_that_breaks_a_law_fails_its_test(pytester: pytest.Pytester) -> None:
    registered(pytester)
    pytester.makepyfile(LAWLESS)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*a safety law was broken*", "*kv-legacy-weu*"])


def test_nothing_is_loaded_unasked(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(LAWLESS)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'cmk_azure' not found*"])
