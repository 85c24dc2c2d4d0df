"""What an auditor's policy calls compliant is called wrong where its key cannot be used, and both are said with their reason.

Fails: a machine is about to be shut down, or an account to be cut off, and every report on it is green.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmk_remediate import codes
from cmk_remediate.api.evidence import proofs
from cmk_remediate.model.findings import Evidence
from cmk_remediate.model.ids import ResourceId
from tests.e2e.accounts import one_account
from tests.e2e.aks_clusters import build, one_cluster, send
from tests.e2e.desk import owner_sets
from tests.e2e.estates import IDENTITY, KEY
from tests.e2e.machines import OURS, one_machine
from tests.e2e.stage import Stage, told
from tests.simulator.raw import KEY as KEY_OF_DISKS

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.result import Verification
    from tests.e2e.conftest import Azure
    from tests.e2e.estates import Scene

DISKS = ("702dd420-7fcc-42c5-afe8-4026edd20fe0", codes.notes.FOUND, codes.managed_disks.POLICY_VERDICT)
CLUSTERS = ("7d7be79c-23ba-4033-84dd-45e2a5ccdd67", codes.notes.FOUND, codes.aks.POLICY_VERDICT)
ACCOUNTS = ("1f905d99-2ab7-462c-a6b0-f709acca6c8f", codes.notes.FOUND, codes.cosmosdb.POLICY_VERDICT)
"""The definition (Azure/azure-policy), and the codes of what a state rests on and of the definition's verdict."""
IDENTITIES = "api-version=2023-01-31"


def machine(azure: Azure) -> Stage:
    stage = azure(one_machine())
    stage.moved()
    return stage


def rebuilt(azure: Azure) -> Stage:
    """Return a cluster that was rebuilt on the plan's set."""
    stage = azure(one_cluster(own=False))
    review, _ = stage.moved("manual")
    build(stage, review)
    return stage


def account(azure: Azure) -> Stage:
    stage = azure(one_account())
    result = stage.apply(stage.dry_run())
    assert result.exit_code == 0, told(result)
    stage.azure.advance(8 * 3600.0)
    return stage


MOVED: list[tuple[Callable[[Azure], Stage], tuple[str, Code, Code], str, str, Code]] = [
    (machine, DISKS, KEY_OF_DISKS, OURS, codes.managed_disks.SET_WITHOUT_IDENTITY),
    (rebuilt, CLUSTERS, KEY, IDENTITY, codes.managed_disks.SET_WITHOUT_IDENTITY),
    (account, ACCOUNTS, KEY, IDENTITY, codes.cosmosdb.IDENTITY_GONE),
]
NAMES = ["managed disks", "AKS", "Cosmos DB"]


def said(found: Verification, code: Code) -> str:
    return "\n".join(note.text for note in found.notes if note.code == code)


def is_wrong(stage: Stage, definition: tuple[str, Code, Code], code: Code, shown: str) -> None:
    """Check that verify calls the one target wrong for *code*, shows the property, and gives the policy's verdict beside."""
    policy, evidence, verdict = definition
    found = stage.verify()
    assert [(one.verdict, one.code) for one in found.targets] == [("wrong", code)], found
    assert found.exit_code == 2
    assert shown in said(found, evidence)
    assert policy in said(found, verdict)
    assert "compliant" in said(found, verdict).replace("non-compliant", "")


@pytest.mark.parametrize(("moved", "definition", "key", "identity", "code"), MOVED, ids=NAMES)
def test_a_key_that_was_disabled_since(
    azure: Azure,
    moved: Callable[[Azure], Stage],
    definition: tuple[str, Code, Code],
    key: str,
    identity: str,
    code: Code,
) -> None:
    stage = moved(azure)
    assert [one.verdict for one in stage.verify().targets] == ["right"]
    stage = Stage(stage.azure.clone(), stage.scene, stage.folder)  # its owner breaks the laws from here on
    owner_sets(stage, key, {"properties": {"attributes": {"enabled": False}}})
    shown = f"properties.attributes.enabled of {'/'.join(ResourceId(key).names)} is false"
    is_wrong(stage, definition, codes.vault.KEY_DISABLED, shown)


@pytest.mark.parametrize(("moved", "definition", "key", "identity", "code"), MOVED, ids=NAMES)
def test_an_identity_that_was_deleted_since(
    azure: Azure,
    moved: Callable[[Azure], Stage],
    definition: tuple[str, Code, Code],
    key: str,
    identity: str,
    code: Code,
) -> None:
    stage = moved(azure)
    stage = Stage(stage.azure.clone(), stage.scene, stage.folder)
    send(stage, "DELETE", identity, api=IDENTITIES)
    is_wrong(stage, definition, code, f"{identity.rsplit('/', 1)[1]} does not exist")


@pytest.mark.parametrize(
    ("scene", "definition"), [(one_machine, DISKS), (one_account, ACCOUNTS), (one_cluster, CLUSTERS)]
)
def test_a_review_gives_both_of_what_is_on_platform_keys(
    azure: Azure, scene: Callable[[], Scene], definition: tuple[str, Code, Code]
) -> None:
    policy, evidence, verdict = definition
    review = azure(scene()).dry_run()
    texts = {note.code: note.text for note in review.notes}
    assert "EncryptionAtRestWithPlatformKey" in texts[evidence] or "is absent" in texts[evidence]
    assert policy in texts[verdict]
    assert "non-compliant" in texts[verdict]


def test_proofs_are_said_once_in_short_and_not_without_end() -> None:
    disks = [
        ResourceId(f"{KEY.partition('/providers/')[0]}/providers/Microsoft.Compute/disks/d{number}")
        for number in range(14)
    ]
    alike = [Evidence(resource=one.text, path="properties.encryption.type", value="Platform") for one in disks[:2]]
    named = [
        Evidence(resource=one.text, path=f"properties.of.{one.name}", value={"id": disks[0].text}) for one in disks
    ]
    (note,) = proofs(disks[0], [*alike, *named, Evidence(resource=KEY, path="properties.attributes.exp", value=None)])
    sentences = note.text.split("; ")
    assert sentences[0] == "properties.encryption.type of d0, d1 is Platform"
    assert sentences[1] == 'properties.of.d0 of d0 is {"id": "d0"}'
    assert sentences[-1] == "and 4 more"
    (absent,) = proofs(disks[0], [Evidence(resource=KEY, path="properties.attributes.exp", value=None)])
    assert absent.text == f"properties.attributes.exp of {'/'.join(ResourceId(KEY).names)} is absent"
    assert [*proofs(disks[0], [])] == []
