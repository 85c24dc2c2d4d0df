"""Who could use which vault before the operator came: what law 11 compares with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.monitor import declared
from cmk_remediate.simulator.providers.common import VAULT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.monitor.declared import Use
    from cmk_remediate.simulator.world import World


class Bystanders:
    """What others can do with vaults and keys, and through which identities.

    Attributes:
        users: the resources that have a user-assigned identity attached, by the identity; ids in lower case.
        uses: by vault, in lower case, what can be done with it that the operator did not bring about.
    """

    def __init__(self, world: World, operator: str) -> None:
        """Know nobody yet."""
        self._world = world
        self._operator = operator
        self._ours: dict[Use, None] = {}
        self.users: dict[str, dict[str, None]] = {}
        self.uses: dict[str, dict[Use, None]] = {}

    def follow(self, bodies: Mapping[str, Json]) -> None:
        """Take the identities that resources have attached as they are."""
        self.users = {}
        for key, body in bodies.items():
            self.attach(key, None, body)

    def take(self) -> None:
        """Take what can be done as it is, less what the operator's own grants give."""
        self.uses = {}
        for vault in self._world.index.of_type(VAULT.lower()):
            self.refresh(vault)

    def remember(self, other: Bystanders) -> None:
        """Know what *other* knew to be the operator's doing."""
        self._ours = dict(other._ours)
        self.uses = {vault: dict(uses) for vault, uses in other.uses.items()}

    def attach(self, key: str, before: Json | None, after: Json | None) -> None:
        """Follow the identities that a resource has attached."""
        for identity in declared.attached(before):
            self.users.get(identity, {}).pop(key, None)
        for identity in declared.attached(after):
            self.users.setdefault(identity, {})[key] = None

    def own(self, grant: str) -> bool:
        """Say whether the operator made a role assignment."""
        record = self._world.record(grant)
        return record is not None and str(record["by"][0]).lower() == self._operator

    def _all(self, vault: str) -> Iterator[Use]:
        return declared.uses(self._world, vault, self.users)

    def refresh(self, vault: str) -> None:
        """Take *vault* as others have left it."""
        for grant in declared.grants_at(self._world, vault):
            if self.own(grant):
                self._ours.update(dict.fromkeys(declared.granted(self._world, grant, vault, self.users)))
        self.uses[vault] = {use: None for use in self._all(vault) if use not in self._ours}

    def gained(self, grant: str, vaults: Iterable[str]) -> None:
        """Count in what a new grant gives: to the operator's account if it is the operator's."""
        own = self.own(grant)
        for vault in vaults:
            for use in declared.granted(self._world, grant, vault, self.users) if vault in self.uses else ():
                if use not in self.uses[vault]:
                    (self._ours if own else self.uses[vault])[use] = None

    def holds_grants(self, who: str, vault: str) -> bool:
        """Say whether *who* could do anything with *vault*."""
        return any(use.who == who for use in self.uses.get(vault, ()))

    def lost(self, vault: str) -> dict[str, list[str]]:
        """Return what cannot be done any more after a write of the operator's, by who could; and take that as given."""
        before = self.uses.get(vault, {})
        gone = {use: None for use in before if not declared.holds(self._world, use, self.users)}
        self._ours.update({use: None for use in self._all(vault) if use not in before})
        self.uses[vault] = {use: None for use in before if use not in gone}
        found: dict[str, list[str]] = {}
        for use in gone:
            found.setdefault(use.who, []).append(use.action.removeprefix(f"{VAULT}/"))
        return found
