"""Exemptions. Fails: something is taken off the list for ever, or without anybody's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmk_remediate import codes
from cmk_remediate.assessment.exempting import exempted
from cmk_remediate.planfile.exemptions import ExemptionEntry, load_exemptions
from cmk_remediate.planfile.problems import PlanError
from tests.assessment.made import GROUP, NOW, account, finding

if TYPE_CHECKING:
    from pathlib import Path


def entry(resource: str, expires: str = "2030-01-07") -> ExemptionEntry:
    return ExemptionEntry(resource_id=resource, owner="platform-team", reason="is being replaced", expires=expires)


def test_a_finding_under_an_exemption_does_not_count_until_the_end_of_its_last_day() -> None:
    (one,), (said,) = exempted(
        [finding("one")], [entry(account("one").upper().replace("/SUBSCRIPTIONS", "/subscriptions"))], NOW
    )
    assert one.exemption == said
    assert not one.counts
    assert said.state == "in force"


def test_an_expired_exemption_is_shown_and_ignored() -> None:
    (one,), (said,) = exempted([finding("one")], [entry(account("one"), "2030-01-06")], NOW)
    assert one.exemption is None
    assert one.counts
    assert said.state == "expired"


def test_a_resource_group_covers_what_is_in_it() -> None:
    (one,), _ = exempted([finding("one")], [entry(GROUP)], NOW)
    assert one.exemption is not None


def test_an_exemption_of_one_of_a_pair_does_not_cover_the_other() -> None:
    pair = finding("one", members=(account("one"), account("two")))
    (one,), (said,) = exempted([pair], [entry(account("one"))], NOW)
    assert one.exemption is None
    assert said.state == "unused"


def test_what_is_compliant_needs_no_exemption() -> None:
    (one,), _ = exempted([finding("one", "compliant")], [entry(account("one"))], NOW)
    assert one.exemption is None


def test_an_exemption_that_covers_nothing_is_told() -> None:
    _, (said,) = exempted([], [entry(account("one"))], NOW)
    assert said.state == "unused"


def test_a_valid_one_counts_beside_an_expired_one() -> None:
    (one,), _ = exempted([finding("one")], [entry(account("one"), "2029-01-01"), entry(GROUP)], NOW)
    assert one.exemption is not None
    assert one.exemption.resource == GROUP


GOOD = f"""
exemptions:
  - resource_id: {account("one")}
    owner: platform-team
    reason: is being replaced
    expires: 2030-01-31
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "exemptions.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_is_read(tmp_path: Path) -> None:
    (one,) = load_exemptions(written(tmp_path, GOOD))
    assert one.expires == "2030-01-31"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("    owner: platform-team\n", ""), "exemptions[0].owner: required field is missing"),
        (GOOD.replace("    reason: is being replaced\n", ""), "exemptions[0].reason: required field is missing"),
        (GOOD.replace("    expires: 2030-01-31\n", ""), "exemptions[0].expires: required field is missing"),
        (GOOD.replace("2030-01-31", "2030-02-31"), "is not a day such as 2027-01-31"),
        (GOOD.replace("2030-01-31", "never"), "exemptions[0].expires"),
        (GOOD.replace("owner:", "owners:"), "did you mean owner?"),
        (GOOD.replace("/subscriptions", "subscriptions"), "is not an Azure resource id"),
    ],
)
def test_nobody_is_exempt_without_owner_reason_and_a_last_day(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PlanError, match="line") as caught:
        load_exemptions(written(tmp_path, text))
    assert said in caught.value.cause
    assert caught.value.code in (codes.input_.PLAN_INVALID, codes.input_.RESOURCE_ID_INVALID)


def test_a_missing_file_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        load_exemptions(tmp_path / "none.yaml")
    assert caught.value.code == codes.input_.PLAN_UNREADABLE
