"""What an assessment shows of a machine and its disks, or of a disk; pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cmk_remediate.model.findings import Cost
from cmk_remediate.services import sets_in_use
from cmk_remediate.services.insight import Insight, shown
from cmk_remediate.services.managed_disks import state
from cmk_remediate.steps.disks import bodies
from cmk_remediate.steps.disks.encrypt_disk import ONE_WAY, UNTIL_SNAPSHOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.findings import Evidence
    from cmk_remediate.services.managed_disks.choice import Wish
    from cmk_remediate.steps.disks.facts import DiskFacts


def of_target(wish: Wish) -> Insight:
    """Return what proves the state of the disks in *wish*, and what moving them takes."""
    facts = wish.facts
    places = sets_in_use.named_by(facts.disks)
    uses = tuple(one for place in places for one in sets_in_use.uses(facts.sets, facts.wanted, place))
    wanted, of_all = sets_in_use.as_found(facts.sets, facts.wanted, facts.disks)
    whole = not facts.refused and all(disk.body is not None for disk in facts.disks)
    apart = state.as_found(wish) if whole and not of_all else ""
    return Insight(tuple(_proofs(wish)), uses, _cost(wish), wanted, state=apart)


def _proofs(wish: Wish) -> Iterator[Evidence]:
    facts = wish.facts
    for disk in facts.disks:
        yield from shown(disk.id, disk.body, sets_in_use.OF_DISK)
    for place in sets_in_use.named_by(facts.disks):
        yield from sets_in_use.proofs(facts.sets, facts.wanted, place)
    yield from (one for one in shown(wish.id.group_id, facts.group, ("managedBy",)) if one.value)


def _cost(wish: Wish) -> Cost:
    """Return what moving the disks takes: a machine that is not deallocated has to be, an unattached disk costs nothing."""
    machine, disks = wish.facts.machine, wish.facts.disks
    up = machine is not None and machine.body is not None and bodies.power(machine.body) != bodies.DEALLOCATED
    held = machine is None and any(bodies.disk_state(disk.body) == bodies.HELD for disk in disks)
    no_way_back = next((why for why in (_no_way_back(wish, disk) for disk in disks) if why), "")
    text = "changed while nothing uses it" if not (up or held) else "deallocated, its disks changed, and started again"
    on_platform = any(bodies.encryption(disk.body)[0] == bodies.PLATFORM for disk in disks)
    back = f"; a way back {UNTIL_SNAPSHOT.why}" if on_platform and not no_way_back else ""
    return Cost(downtime="deallocation" if up or held else "none", one_way=no_way_back, text=text + back)


def _no_way_back(wish: Wish, disk: DiskFacts) -> str:
    sets, current = wish.facts.sets, bodies.encryption(disk.body)[1]
    if current is None:
        return ONE_WAY.why if disk.incremental else ""
    keys = {**sets.keys, current.key: sets_in_use.key_of(sets, wish.facts.wanted, current)}
    return replace(sets, keys=keys).way_back(disk).why
