"""The rebuild pack. Without these a template could be refused by Azure, say what nobody reviewed, or run what a name holds."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from cmk_remediate.services.aks.pack import writable
from cmk_remediate.services.aks.pack.bicep import key, text, value
from cmk_remediate.services.aks.pack.words import code, word
from tests.conformance.descriptions.judge import Sample, judge
from tests.conformance.descriptions.library import Library, Place
from tests.conformance.descriptions.plugin import WITHOUT, library_root
from tests.services.aks import sdk_tree
from tests.services.aks.clusters import CLUSTER, GROUP, SET, made, pack, wish
from tests.services.aks.reading import deployed
from tests.services.aks.reading import text as read_text

REFERENCE = os.environ.get("CMK_REMEDIATE_REFERENCE", "")
NODES = "MC_rg_aks-one_westeurope"
HOSTILE = (
    "x'\n}\nresource evil 'Microsoft.Authorization/roleAssignments@2022-04-01' = {\n  name: 'y",
    "${resourceGroup().id}",
    "\\${x}",
    "\\'",
    "'''",
    "// x\n# y",
    "*/ /*",
    "]]}}",
    "\u202e\u0000\x1b[31m",
    "\ud800",
    "`rm -rf /`",
    "a: b\n- c: !!python/object",
    "[parameters('x')]",
    "$reader ${reader} $$",
    "| a | b |\n```\n",
)
NAMES = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40))
JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False), NAMES
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=12,
)


def cluster(**properties: Any) -> dict[str, Any]:
    """Return a cluster with an identity of its own and one pool."""
    pool = {"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D2s_v5", "osType": "Linux"}
    base = {"nodeResourceGroup": NODES, "dnsPrefix": "aks-one", "agentPoolProfiles": [pool]}
    return {
        "id": CLUSTER,
        "location": "westeurope",
        "identity": {"type": "SystemAssigned", "principalId": "p"},
        "properties": {**base, **properties},
    }


def sanitised(item: Any) -> Any:
    """Return *item* as a literal can say it: half of a surrogate pair is no sign."""
    if isinstance(item, str):
        return "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in item)
    if isinstance(item, dict):
        return {sanitised(name): sanitised(one) for name, one in item.items()}
    return [sanitised(one) for one in item] if isinstance(item, list) else item


# -- Bicep ---------------------------------------------------------------------------------------------------------------


@given(JSON)
@settings(max_examples=20, deadline=None)
def test_whatever_a_value_holds_a_parser_reads_it_back(item: Any) -> None:
    template = f"resource cluster 'T/t@2026-01-01' = {value({'tags': item})}\n"

    assert template.isascii()
    assert deployed(template).body == {"tags": sanitised(item)}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_ends_its_literal_or_begins_an_expression(name: str) -> None:
    assert "\n" not in text(name)
    assert read_text(text(name)[1:-1]) == sanitised(name)
    assert key(name) == text(name)
    assert [key(one) for one in ("name", "true", "a-b", "")] == ["name", "'true'", "'a-b'", "''"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_names_in_every_file(name: str) -> None:
    body = cluster(agentPoolProfiles=[{"name": name, "tags": {name: name}}], dnsPrefix=name)
    body["tags"] = {name: name}
    volume = {
        "id": f"/subscriptions/x/resourceGroups/{NODES}/providers/Microsoft.Compute/disks/pvc",
        "name": name,
        "sku": {"name": name},
        "tags": {"kubernetes.io-created-for-pvc-name": name},
        "properties": {"diskState": name, "diskSizeGB": name},
    }
    files = pack(wish(body, [volume]))

    found = deployed(files["cluster.bicep"]).body
    assert found["tags"] == {sanitised(name): sanitised(name)}
    assert found["properties"]["agentPoolProfiles"] == [
        {"name": sanitised(name), "tags": {sanitised(name): sanitised(name)}}
    ]
    plain = pack(wish(cluster(), [{**volume, "sku": {"name": "x"}, "tags": {}, "properties": {}}]))
    assert files["storage-classes.yaml"] == plain["storage-classes.yaml"]
    assert len(files["checklist.md"].splitlines()) == len(plain["checklist.md"].splitlines())
    fences = [[line for line in one["checklist.md"].splitlines() if line.startswith("`")] for one in (files, plain)]
    assert fences[0] == fences[1]


@given(NAMES)
def test_a_name_is_one_word_of_a_command_and_one_span_of_a_page(name: str) -> None:
    assert len(shlex.split(word(name))) == 1
    assert "`" not in word(name)
    assert re.fullmatch(r"(`+)(.+?)\1", code(name), re.DOTALL)
    assert "\n" not in code(name)


# -- the template ----------------------------------------------------------------------------------------------------------


def test_the_new_cluster_is_the_old_one_with_a_set_and_names_of_its_own() -> None:
    found = deployed(pack(wish(cluster(kubernetesVersion="1.33")))["cluster.bicep"])

    assert (found.type, found.version) == ("Microsoft.ContainerService/managedClusters", writable.API_VERSION)
    assert found.body == {
        "name": "aks-one-cmk",
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "nodeResourceGroup": "MC_rg_aks-one-cmk_westeurope",
            "dnsPrefix": "aks-one-cmk",
            "agentPoolProfiles": [
                {"name": "system", "mode": "System", "count": 1, "vmSize": "Standard_D2s_v5", "osType": "Linux"}
            ],
            "kubernetesVersion": "1.33",
            "diskEncryptionSetID": SET,
        },
    }
    assert "principalId" in found.outputs


def test_what_lies_in_the_old_node_resource_group_is_not_named_again() -> None:
    inside = f"/subscriptions/77777777-7777-4777-8777-777777777701/resourceGroups/{NODES.lower()}/providers/N/x/y"
    outside = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/v/subnets/s"
    body = cluster(
        agentPoolProfiles=[{"name": "a", "vnetSubnetID": inside}, {"name": "b", "vnetSubnetID": outside}],
        identityProfile={"kubeletidentity": {"resourceId": inside, "clientId": "c", "objectId": "o"}},
        networkProfile={"loadBalancerProfile": {"outboundIPs": {"publicIPs": [{"id": inside}]}}},
    )
    one = wish(body)
    template = pack(one)["cluster.bicep"]

    assert NODES.lower() not in template.lower().replace("aks-one-cmk", "")
    assert outside in template
    assert {path for path, _ in made(one).left_out} == {
        "properties.agentPoolProfiles[0].vnetSubnetID",
        "properties.identityProfile.kubeletidentity",
        "properties.networkProfile.loadBalancerProfile.outboundIPs.publicIPs[0]",
    }


def test_secrets_are_asked_for_and_never_written_down() -> None:
    body = cluster(
        windowsProfile={"adminUsername": "azureuser", "adminPassword": "hunter2"},
        servicePrincipalProfile={"clientId": "c", "secret": "hunter3"},
        httpProxyConfig={"httpProxy": "http://user:hunter4@proxy:80", "httpsProxy": "https://proxy"},
    )
    files = pack(wish(body))
    found = deployed(files["cluster.bicep"])

    assert "hunter" not in "".join(files.values())
    assert found.secure == ("windowsAdminPassword",)
    assert found.body["properties"]["windowsProfile"] == {
        "adminUsername": "azureuser",
        "adminPassword": "windowsAdminPassword",
    }
    assert found.body["properties"]["httpProxyConfig"] == {"httpsProxy": "https://proxy"}
    assert "servicePrincipalProfile" not in found.body["properties"]


def test_the_same_cluster_gives_the_same_files() -> None:
    assert pack(wish(cluster())) == pack(wish(cluster()))


def test_what_may_be_said_is_what_the_sdk_says() -> None:
    assert sdk_tree.text() == writable.FILE.read_text(encoding="utf-8"), "python -m tests.services.aks.sdk_tree"


# -- storage classes, checklist --------------------------------------------------------------------------------------------


def test_storage_classes_name_the_set() -> None:
    volume = {"id": f"{GROUP}/providers/Microsoft.Compute/disks/d", "sku": {"name": "Premium_ZRS"}}
    found = list(YAML(typ="safe").load_all(pack(wish(cluster(), [volume]))["storage-classes.yaml"]))

    assert [one["parameters"]["skuName"] for one in found] == ["StandardSSD_LRS", "Premium_LRS", "Premium_ZRS"]
    for one in found:
        assert one["provisioner"] == "disk.csi.azure.com"
        assert one["parameters"]["diskEncryptionSetID"] == SET
        assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", one["metadata"]["name"])


def test_the_checklist_says_downtime_and_way_back_of_each_step() -> None:
    page = pack(wish(cluster()))["checklist.md"]
    steps = re.split(r"^## (?=\d)", page, flags=re.MULTILINE)[1:]

    assert [one.split(".")[0] for one in steps] == list("123456789")
    assert all("Downtime:" in one and re.search(r"[Ww]ay back", one) for one in steps)
    assert page.index("az deployment group create") < page.index("az aks delete")


# -- against Azure's description, with recorded clusters -------------------------------------------------------------------

described = pytest.mark.skipif(library_root() is None, reason=WITHOUT)
recorded = pytest.mark.skipif(not REFERENCE, reason="CMK_REMEDIATE_REFERENCE does not name the folder of recordings")


OLD_VALUES = ("'Basic'", "'block'")
"""What recorded answers of older api-versions show: a tier that is called Base now, and a preview's outbound type."""


def _tolerable(said: str) -> bool:
    """Say whether a value differs from those described in casing alone, as Azure itself shows it, or is of an older api-version."""
    shown, _, listed = said.partition(" is not one of ")
    found = shown.rpartition(": ")[2]
    return found.lower() in listed.lower() or found in OLD_VALUES


@described
@recorded
def test_the_template_of_every_recorded_cluster_is_as_described() -> None:
    root = library_root()
    assert root is not None
    library = Library(root)
    place = Place(
        "arm", "PUT", "/subscriptions/x/resourcegroups/x/providers/microsoft.containerservice/managedclusters/x"
    )
    estate = json.loads((Path(REFERENCE) / "recordings/estates/aks.json").read_text(encoding="utf-8"))
    for body in estate["resources"]:
        found = deployed(pack(wish(body))["cluster.bicep"])
        sent = {name: item for name, item in found.body.items() if name != "name"}
        verdict = judge(Sample("request", place, found.type, found.version, {}, sent), library)
        assert verdict.extent != "none"
        wrong = [one for one in verdict.deviations if not (one.kind == "enum" and _tolerable(one.said))]
        assert wrong == [], body["id"]
    assert len(estate["resources"]) == 60
