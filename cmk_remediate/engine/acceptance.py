"""What must be accepted by name, and whether it was: ``kind:name`` or ``kind:name:suffix``."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmk_remediate.model.decisions import Acceptance
    from cmk_remediate.model.ids import ResourceId


def names(acceptances: Iterable[Acceptance], all_ids: Iterable[ResourceId]) -> Mapping[Acceptance, str]:
    """Return for each of *acceptances* the very text that accepts it.

    The name is the shortest end of the resource's id that no other resource of its type in *all_ids*, those named in
    the review, ends with: ``kv-orders``; two disks ``data1``: ``rg1/data1``; in groups of one name: the subscription
    before it. (A key or identity may well be called what its server is called; the kind says which of them is meant.)
    The same for any order of the arguments.
    """
    wanted = list(dict.fromkeys(acceptances))
    ids = {item.key: item for item in (*(acceptance.resource for acceptance in wanted), *all_ids)}.values()
    taken = Counter(end for item in ids for end in {(item.type.lower(), end.lower()) for end in _ends(item)})
    found = {acceptance: _text(acceptance, _shortest(acceptance.resource, taken)) for acceptance in wanted}
    # One kind over two types of one name: only the whole id tells them apart.
    same = Counter(text.lower() for text in found.values())
    return {
        acceptance: text if same[text.lower()] == 1 else _text(acceptance, acceptance.resource.text.lstrip("/"))
        for acceptance, text in found.items()
    }


def check(required: Iterable[str], given: Iterable[str]) -> None:
    """Refuse unless *given* is exactly *required*, in any casing, order and number.

    Raises:
        RefusedError: CMK502 when something required is missing, CMK503 when something is given that nothing requires.
            The message lists the ``--accept`` lines the review calls for.
    """
    wanted = {text.strip().lower(): text.strip() for text in required}
    offered = {text.strip().lower(): text.strip() for text in given}
    missing = [text for key, text in sorted(wanted.items()) if key not in offered]
    surplus = [text for key, text in sorted(offered.items()) if key not in wanted]
    if not missing and not surplus:
        return
    said = []
    if missing:
        said.append(f"not accepted: {', '.join(missing)}")
    if surplus:
        said.append(f"accepted, but not in this review: {', '.join(surplus)}")
    lines = "".join(f"\n  --accept {text}" for _, text in sorted(wanted.items()))
    calls = f"; it calls for exactly:{lines}" if lines else "; it calls for no acceptance"
    code = codes.engine.ACCEPTANCE_MISSING if missing else codes.engine.ACCEPTANCE_SURPLUS
    raise RefusedError(code, "; ".join(said) + calls)


def parse_file(text: str) -> tuple[str, ...]:
    """Return what an accept file holds: one acceptance a line, without empty lines and lines that begin with ``#``."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _text(acceptance: Acceptance, name: str) -> str:
    return ":".join((acceptance.kind, name, *([acceptance.suffix] if acceptance.suffix else [])))


def _shortest(resource: ResourceId, taken: Mapping[tuple[str, str], int]) -> str:
    kind = resource.type.lower()
    ends = _ends(resource)
    return next((end for end in ends if taken[kind, end.lower()] == 1), ends[-1])


def _ends(resource: ResourceId) -> list[str]:
    """Return the ends of *resource*'s id in names, shortest first: name, parent/name, ..., subscription/group/name."""
    outer = [resource.subscription, resource.resource_group] if resource.resource_group else [resource.subscription]
    chain = [*outer, *(name for name in resource.names if [name] != outer[-1:])]
    return ["/".join(chain[start:]) for start in reversed(range(len(chain)))]
