"""What Azure Policy would refuse, of our writes and of undoing them.

Asked is `checkPolicyRestrictions` (azure-mgmt-policyinsights, `policy_restrictions`) with the body the write leaves behind, and
with the body found before, which is what an undo leaves behind.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.engine.preflight.sites import Site
from cmk_remediate.model.decisions import Read, Reversibility
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.values import Ref, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmk_remediate.engine.preflight.asking import Asking, Findings
    from cmk_remediate.model.ids import ResourceId

VERB = "check-policy"
ALL_ASKED = 200
"""So many questions a dry run asks one by one. Beyond, and before a write, resources that differ in nothing but their own name
share one, lest a thousand servers cost thousands of reads; each write is still judged by Azure when it is sent."""
_REWRITES = ("modify", "append", "deployifnotexists")


@dataclass(frozen=True)
class _Question:
    """One body somebody's policy may not like."""

    site: Site
    undo: bool
    read: Read
    group: str


async def check_policy(sites: Sequence[Site], asking: Asking, findings: Findings, *, writing: bool) -> None:
    """Block what policy denies; mark as one-way what it would not let us undo; name what rewrites our resources."""
    covered = await _covered(sites, asking)
    questions = [item for site in covered for item in _questions(site)]
    one_by_one = not writing and len(questions) <= ALL_ASKED
    asked: dict[str, Read] = {}
    for item in questions:
        asked.setdefault(item.read.body if one_by_one else item.group, item.read)
    first = list({read.resource: read for read in reversed(asked.values())}.values())
    await asking.about(first)
    closed = {read.resource for read in first if asking.refused(read)}
    await asking.about(read for read in asked.values() if read.resource not in closed)
    for read in first:
        if error := asking.refused(read):
            findings.note(codes.access.POLICY_NOT_CHECKED, read.resource, f"policy not checked: {error.cause}")
    for item in questions:
        read = asked[item.read.body if one_by_one else item.group]
        if read.resource in closed:
            continue
        if error := asking.refused(read):
            place = item.site.places[0]
            findings.note(codes.access.POLICY_NOT_CHECKED, place, f"policy not checked for {place.name}: {error.cause}")
        _judge(item, asking.body(read), findings)
    if len(asked) < len({item.read for item in questions}):
        text = f"policy was asked {len(asked)} times for {len(questions)} bodies: the others differ in the resource's name only"
        findings.note(codes.notes.POLICY_SAMPLED, None, text)


def _judge(item: _Question, answer: Any, findings: Findings) -> None:
    denied = sorted(set(_denying(answer)))
    place = item.site.places[0]
    if denied and item.undo:
        why = f"policy {', '.join(denied)} denies the state before, so rollback would be refused"
        findings.one_way.setdefault(item.site.node.id, Reversibility("one-way", why, codes.access.POLICY_DENIES))
    elif denied:
        why = f"policy {', '.join(denied)} denies the body that {item.site.node.step.kind} would leave behind"
        findings.block(item.site.node, codes.access.POLICY_DENIES, why, place)
    for name in sorted(set(_rewriting(answer))):
        text = f"policy {name} rewrites or completes resources of type {place.type}; what it sets is not ours"
        findings.note(codes.notes.POLICY_REWRITES, None, text)


async def _covered(sites: Sequence[Site], asking: Asking) -> list[Site]:
    """Return the sites that an enforced assignment covers; all of a subscription whose assignments we may not list."""
    written = [site for site in sites if site.change.request.row in ("put", "patch") and (site.resource or site.grants)]
    subscriptions = sorted({site.places[0].subscription_id for site in written})
    reads = {place: Read(place, "list:policyAssignments") for place in subscriptions}
    await asking.about(reads.values())
    found = []
    for site in written:
        read = reads[site.places[0].subscription_id]
        if asking.refused(read) or any(_assigned_to(item, site.places[0]) for item in asking.items(read)):
            found.append(site)
    return found


def _assigned_to(assignment: Any, place: ResourceId) -> bool:
    properties = at_path(assignment, "properties", {})
    if str(at_path(properties, "enforcementMode", "")).lower() == "donotenforce":
        return False
    own = (
        str(at_path(assignment, "id", "")).lower().partition("/providers/microsoft.authorization/policyassignments/")[0]
    )
    scope = str(at_path(properties, "scope") or own).lower()
    above = not scope.startswith("/subscriptions/")
    excluded = [str(item).lower() for item in at_path(properties, "notScopes") or ()]
    return (above or _below(place, scope)) and not any(_below(place, item) for item in excluded)


def _below(place: ResourceId, scope: str) -> bool:
    return f"{place.key}/".startswith(f"{scope.rstrip('/')}/")


def _questions(site: Site) -> Iterator[_Question]:
    yield _question(site, site.after, undo=False)
    if site.reversible and site.before is not None:
        yield _question(site, site.before, undo=True)


def _question(site: Site, body: Any, *, undo: bool) -> _Question:
    resource, group = site.resource, site.places[0].group_id
    content = _known(body)
    if resource is None:
        # A grant whose name rests on an identity that does not exist yet.
        details: dict[str, Any] = {"resourceContent": {**content, "type": "Microsoft.Authorization/roleAssignments"}}
        details["scope"] = site.places[0].text
    else:
        details = {"resourceContent": {**content, "type": resource.type, "name": "/".join(resource.names)}}
        outer = resource.scope or resource.parent
        if outer is not None:
            details["scope"] = outer.text
    text = _text({"resourceDetails": details})
    alike = text.lower()
    for word in sorted(resource.names if resource is not None else (), key=len, reverse=True):
        alike = alike.replace(word.lower(), "*")
    return _Question(site, undo, Read(group, VERB, body=text), f"{group.key} {alike}")


def _text(value: Any) -> str:
    # Not the digests' canonical text: bodies from Azure may hold floats.
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _known(value: Any) -> Any:
    """Return the JSON-like *value* without what is not known yet: policy takes partial bodies."""
    if isinstance(value, dict):
        kept = {
            key: item for key, item in value.items() if not isinstance(item, (Unknown, Ref)) and isinstance(key, str)
        }
        return {key: _known(item) for key, item in kept.items()}
    if isinstance(value, (list, tuple)):
        return [_known(item) for item in value if not isinstance(item, (Unknown, Ref))]
    return value


def _denying(answer: Any) -> Iterator[str]:
    """Yield the assignments that deny; before api-version 2022-03-01 only denials are reported, without their effect."""
    for item in at_path(answer, "contentEvaluationResult.policyEvaluations") or ():
        effect = str(at_path(item, "effectDetails.policyEffect") or "deny").lower()
        if str(at_path(item, "evaluationResult", "")).lower() == "noncompliant" and effect == "deny":
            yield _name(at_path(item, "policyInfo", {}))


def _rewriting(answer: Any) -> Iterator[str]:
    for item in at_path(answer, "contentEvaluationResult.policyEvaluations") or ():
        if str(at_path(item, "effectDetails.policyEffect") or "").lower() in _REWRITES:
            yield _name(at_path(item, "policyInfo", {}))
    for field in at_path(answer, "fieldRestrictions") or ():
        for item in at_path(field, "restrictions") or ():
            effect = str(at_path(item, "policyEffect") or "").lower()
            if effect in _REWRITES or (not effect and at_path(item, "result") in ("Required", "Removed")):
                yield _name(at_path(item, "policy", {}))


def _name(policy: Any) -> str:
    return str(at_path(policy, "policyAssignmentId") or at_path(policy, "policyDefinitionId") or "?").rpartition("/")[2]
