"""From findings to plan files: one a subscription and service, valid, and commented for whoever reviews them."""

from __future__ import annotations

import io
import os
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from cmk_remediate import codes, files
from cmk_remediate.assessment.proposal import NOBODY, Proposal, Vaults
from cmk_remediate.errors import InputError
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.planfile.load import from_values
from cmk_remediate.planfile.schema import TargetEntry, writable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmk_remediate.model.findings import Assessment, Finding, KeyInUse

_WIDTH = 1000
_OVERRIDDEN = ("customer_managed_key", "disk_encryption_set")
_ON_SETS = ("aks", "managed-disks")


@dataclass(frozen=True)
class WrittenPlan:
    """A plan file.

    Attributes:
        name: of the file.
        text: what is in it.
        targets: how many resources it would move.
    """

    name: str
    text: str
    targets: int


def plans_of(assessment: Assessment) -> tuple[WrittenPlan, ...]:
    """Return the plans that would move what *assessment* found not compliant, and is not exempt.

    What something stands in the way of is written as a comment, with the reason. A plan whose targets would all be comments is not
    written.
    """
    open_ = [one for one in assessment.findings if one.verdict == "not compliant" and one.exemption is None]
    ordered = sorted(open_, key=lambda one: (one.service, _subscription(one), one.id.lower()))
    vaults = Vaults(assessment.vaults)
    found = []
    for (service, subscription), group in groupby(ordered, lambda one: (one.service, _subscription(one))):
        findings = list(group)
        if any(one.obstacle is None for one in findings):
            found.append(_Writing(assessment, vaults, service, subscription, findings).written())
    return tuple(found)


def write_plans(assessment: Assessment, folder: str | Path) -> tuple[str, ...]:
    """Write what `plans_of` returns into *folder*, each whole or not at all, and return the paths; no file is replaced.

    Raises:
        InputError: CMK118 when one cannot be written, or a file of its name is there: somebody may have edited it.
    """
    place = Path(folder)
    chosen = [(place / one.name, one.text) for one in plans_of(assessment)]
    with files.naming(place, codes.input_.OUTPUT_UNWRITABLE):
        for path, _ in chosen:
            if os.path.lexists(path):
                raise InputError(codes.input_.OUTPUT_UNWRITABLE, "there is a file of that name", resource=str(path))
        place.mkdir(parents=True, exist_ok=True)
        for path, text in chosen:
            files.write(path, text.encode())
    return tuple(str(path) for path, _ in chosen)


def _subscription(finding: Finding) -> str:
    return ResourceId.parse(finding.id).subscription_id.key


class _Writing:
    """One plan file."""

    def __init__(
        self, assessment: Assessment, vaults: Vaults, service: str, subscription: str, findings: Sequence[Finding]
    ) -> None:
        self._assessment = assessment
        self._vaults = vaults
        self._service = service
        self._subscription = ResourceId.parse(subscription)
        self._movable = [one for one in findings if one.obstacle is None]
        self._held = [one for one in findings if one.obstacle is not None]
        regions = Counter(one.location for one in self._movable)
        self._main = self._proposal(min(regions, key=lambda region: (-regions[region], region)))

    def written(self) -> WrittenPlan:
        content = self._content([self._entry(one) for one in self._movable])
        from_values(content, f"the plan for {self._service}", template=True)  # what is not valid is not written
        name = f"{self._service}-{self._subscription.subscription.lower()}.yaml"
        return WrittenPlan(name, self._text(content), len(self._movable))

    def _proposal(self, location: str) -> Proposal:
        return self._vaults.proposal(self._service, self._subscription, location)

    def _content(self, targets: Sequence[TargetEntry], proposal: Proposal | None = None) -> dict[str, Any]:
        owners = {one.owner for one in self._movable if one.owner}
        owner = owners.pop() if len(owners) == 1 else NOBODY
        frame = proposal or self._main
        return frame.content(self._assessment.tenant, self._assessment.cloud, targets, writable(owner)[:128])

    def _entry(self, finding: Finding) -> TargetEntry:
        """Return the entry of *finding*: on its own key where that can be kept; else with what its region differs in."""
        different: dict[str, Any] = {}
        here = self._content([], self._proposal(finding.location))
        if finding.location != self._main.location:
            different = {name: here[name] for name in _OVERRIDDEN if name in here}
        kept = _kept(finding)
        if kept is not None:
            identity = here["customer_managed_key"]["user_assigned_identity"]
            key = {"key_vault_resource_id": kept.vault, "key_name": kept.name, "user_assigned_identity": identity}
            different["customer_managed_key"] = key
        return TargetEntry.model_validate(
            {"resource_id": finding.id, **({"overrides": different} if different else {})}
        )

    def _text(self, content: dict[str, Any]) -> str:
        tree = CommentedMap({**content, "targets": CommentedSeq(content["targets"])})
        targets = tree["targets"]
        for index, finding in enumerate(self._movable):
            targets.yaml_set_comment_before_after_key(index, before=_comment(self._said(finding)), indent=2)
        yaml = YAML(typ="rt", pure=True)
        yaml.width = _WIDTH
        yaml.indent(mapping=2, sequence=4, offset=2)
        stream = io.StringIO()
        yaml.dump(tree, stream)
        head = "".join(f"# {_comment(line)}\n" if line else "#\n" for line in self._head())
        held = "".join(f"# {_comment(line)}\n" if line else "#\n" for line in self._left_out())
        return f"{head}{stream.getvalue()}{held}"

    def _head(self) -> Iterator[str]:
        made = self._assessment.made
        yield f"Made from the assessment {made.id} of {made.at}. Read it, correct it, then: cmk-remediate dry-run THIS-FILE"
        yield ""
        if self._main.exists:
            yield f"The vault was chosen because it is in {self._main.location} and in the same subscription."
            if self._main.others:
                yield f"Others there: {', '.join(one.name for one in self._main.others)}"
        else:
            yield f"The subscription has no vault in {self._main.location}: put one in the place of {NOBODY}."
        yield "{target} stands for the resource's name: keys, identities and encryption sets are made where they do not exist."
        if len({one.owner for one in self._movable if one.owner}) != 1:
            yield f"owner: the resources name none, or several: put who answers in the place of {NOBODY}."
        doors = sum(bool(one.cost and one.cost.one_way) for one in self._movable)
        if doors:
            yield f"{doors} of its targets cannot be moved back: each is accepted by name at apply."
        yield "limits.max_targets is 50 unless you set it: a run that would change more is refused."

    def _said(self, finding: Finding) -> str:
        cost = finding.cost.text if finding.cost is not None else ""
        way = f"; no way back: {finding.cost.one_way}" if finding.cost is not None and finding.cost.one_way else ""
        return f"{finding.state}: {cost}{way}"

    def _left_out(self) -> Iterator[str]:
        if not self._held:
            return
        yield ""
        yield "Not in it, because something stands in the way:"
        for one in self._held:
            if one.obstacle is not None:
                yield f"- {one.id}: {one.obstacle.why} [{one.obstacle.code}]"


def _kept(finding: Finding) -> KeyInUse | None:
    """Return the key a target keeps: its own, where only the way it uses that is wrong, or part of it is not on it."""
    if finding.state not in ("customer (wrong)", "mixed") or finding.service in _ON_SETS or len(finding.keys) != 1:
        return None
    key = finding.keys[0]
    usable = key.enabled is not False and not key.why and not key.expires and key.vault
    return key if usable else None


def _comment(text: str) -> str:
    """Return *text* as one line, whatever signs came from Azure."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
