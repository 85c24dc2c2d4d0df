"""The documents' own examples, judged as if they were ours.

Fails: the descriptions are read wrongly, so that what is right is called a deviation, or nothing ever is.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.descriptions.judge import Sample, judge
from tests.conformance.descriptions.library import Library, Place
from tests.conformance.descriptions.plugin import WITHOUT, library_root

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = library_root()
if ROOT is None:
    pytest.skip(WITHOUT, allow_module_level=True)
LIBRARY = Library(ROOT)
DOCUMENTS = (
    ("keyvault/resource-manager/Microsoft.KeyVault/stable/2024-11-01", "arm"),
    ("keyvault/data-plane/Microsoft.KeyVault/stable/7.5", "microsoft.keyvault"),
    ("msi/resource-manager/Microsoft.ManagedIdentity/stable/2023-01-31", "arm"),
    ("authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01", "arm"),
    ("cognitiveservices/resource-manager/Microsoft.CognitiveServices/stable/2024-10-01", "arm"),
)
WRONG = {
    # Bicep makes a type's name from its path; the examples have what the service answers.
    ("deletedVaults/{vaultName}", "answer 200 type"),
    ("deletedManagedHSMs/{name}", "answer 200 type"),
    ("deletedAccounts/{accountName}", "answer 200 type"),
    ("identities/default", "answer 200 type"),
    # Required since 2026-02-01.
    ("privateLinkResources", "answer 200 value[].location"),
    # Examples that are attached to the operation on one thing and show a list.
    ("providerOperations/{resourceProviderNamespace}", "answer 200 value"),
    ("roleAssignments/{roleAssignmentName}", "answer 200 value"),
}
"""By the end of the path and field, what is wrong with the examples themselves."""


def _examples(folder: str, plane: str) -> Iterator[Sample]:
    """Go through requests and answers of the examples in a folder."""
    assert ROOT is not None
    place = ROOT / "azure-rest-api-specs/specification" / folder
    for file in sorted(place.glob("*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        for template, item in document.get("paths", {}).items():
            path = re.sub(r"\{[^}]*\}", "x", template.lower())
            for method, told in item.items():
                if path == "/x" or ("/providers/" not in path and plane == "arm") or method == "parameters":
                    continue  # of any resource, or of all
                where = Place(plane, method.upper(), path)
                body = next((one["name"] for one in told.get("parameters", ()) if one.get("in") == "body"), "")
                for example in told.get("x-ms-examples", {}).values():
                    shown = json.loads((place / example["$ref"]).read_text(encoding="utf-8"))
                    yield from _samples(shown, where, body, place.name)


def _samples(shown: Any, where: Place, body: str, version: str) -> Iterator[Sample]:
    if body in shown["parameters"]:
        yield Sample("request", where, "", version, {}, shown["parameters"][body])
    for status, answer in shown["responses"].items():
        if status.isdigit():
            yield Sample("answer", where, "", version, {}, answer.get("body"), int(status))


@pytest.mark.parametrize(("folder", "plane"), DOCUMENTS, ids=lambda one: one.split("/")[0])
def test_what_the_documents_show_is_as_they_describe_it(folder: str, plane: str) -> None:
    samples = list(_examples(folder, plane))
    verdicts = [judge(one, LIBRARY) for one in samples]
    wrong = {(one.operation, one.field) for verdict in verdicts for one in verdict.deviations}

    assert len(samples) > 10
    assert {one.extent for one in verdicts} == {"whole"}
    assert {
        (path, where) for path, where in wrong if not any(path.endswith(end) and where == on for end, on in WRONG)
    } == set()


@pytest.mark.parametrize(("folder", "plane"), DOCUMENTS, ids=lambda one: one.split("/")[0])
def test_what_the_documents_do_not_know_is_found_wherever_it_stands(folder: str, plane: str) -> None:
    """One more property in each body, on top and among the resource's own: none of them gets through."""
    samples = [one for one in _examples(folder, plane) if isinstance(one.body, dict)]
    through = []
    for one in samples:
        bodies = [{**one.body, "slip": 1}]
        if one.body.get("properties"):
            bodies.append({**one.body, "properties": {**one.body["properties"], "slip": 1}})
        for body in bodies:
            verdict = judge(replace(one, body=body), LIBRARY)
            if not any(found.field.endswith("slip") for found in verdict.deviations):
                through.append(one.place)

    assert samples
    assert through == []
