"""Create the key, through Resource Manager, so that it works behind the vault's firewall."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from cmk_remediate import codes
from cmk_remediate.clock import parse_utc
from cmk_remediate.model.decisions import (
    Blocked,
    Change,
    Decision,
    Done,
    Effect,
    Estimate,
    Found,
    Keep,
    Line,
    Read,
    Request,
    Reversibility,
)
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, at_path
from cmk_remediate.model.permissions import Permission, Permissions
from cmk_remediate.model.step import Step
from cmk_remediate.model.values import UNKNOWN, KeyUri, Output
from cmk_remediate.steps import key_state, ownership, reads
from cmk_remediate.steps.rotation import RotationPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NEEDED = frozenset(one.lower() for one in key_state.NEEDED_OPERATIONS)
KEPT = Reversibility("kept", "a key is never deleted or disabled: backups may need it", codes.vault.KEY_KEPT)


@dataclass(frozen=True)
class CreateKey(Step):
    """Make the key if the vault has none of that name; never change one that exists.

    One body holds everything, the rotation policy and the expiry too: Resource Manager sets both only at creation,
    and a second, different request is refused (``KeyCreationParametersDidNotMatchExistingKey``). There is no ``nbf``:
    with a skewed clock it would make the key "not yet active".

    Attributes:
        vault: the vault's id.
        key_name: the key's name.
        key_type: ``kty``, ``RSA`` or ``RSA-HSM``.
        size: length in bits.
        rotation: the whole rotation policy, or None for none.
        expires: ISO 8601 in UTC with a Z, or None for a key without expiry.
        allowed_types: the values of ``kty`` the services of this key take; any if empty.
        allowed_sizes: the lengths in bits they take; any if empty.
        owner: for the ownership tags.
        review: the review's id, for the ownership tags.
    """

    kind: ClassVar[str] = "create_key"
    uri = Output[KeyUri]("properties", "keyUriWithVersion")

    vault: ResourceId
    key_name: str
    key_type: str
    size: int
    rotation: RotationPolicy | None = None
    expires: str | None = None
    allowed_types: tuple[str, ...] = ()
    allowed_sizes: tuple[int, ...] = ()
    owner: str = field(default="", compare=False)
    review: str = field(default="", compare=False)

    def address(self) -> ResourceId:
        """Return the key's id."""
        return self.vault.child("keys", self.key_name)

    def also_reads(self) -> tuple[Read, ...]:
        """Return the look-up among deleted keys: Resource Manager answers 404 for those."""
        return (reads.deleted_key(self.address()),)

    def owns(self) -> Mapping[str, Any]:
        """Return what the one creating request sets."""
        return {line.path: line.after for line in self._lines()}

    def decide(self, found: Found) -> Decision:
        """Judge the key found."""
        if found.body is not None:
            return self._judge_existing(found.body, found)
        deleted = found.reads.get(self.also_reads()[0])
        unreachable = self.may_exist_deleted(found)
        if deleted is not None and not unreachable:
            return Blocked(
                codes.vault.KEY_SOFT_DELETED,
                f"the key {self.key_name} was deleted from {self.vault.name} and can still be recovered",
                resource=self.address().text,
            )
        doubt = "; it may exist deleted: not checkable from here" if unreachable else ""
        body = {"tags": ownership.tags(self.owner, self.review), "properties": self._properties()}
        made = {
            "id": self.address().text,
            "name": self.key_name,
            "properties": {
                **self._properties(),
                "attributes": {**self._properties()["attributes"], "created": UNKNOWN, "updated": UNKNOWN},
                "keyUri": UNKNOWN,
                "keyUriWithVersion": UNKNOWN,
            },
        }
        return Change(
            Request("PUT", self.address(), body),
            self._lines(),
            (Effect(self.address(), made),),
            Estimate(usual=2, worst=60),
            "create",
            f"the vault {self.vault.name} has no key {self.key_name}{doubt}",
        )

    def undo(self, before: JsonObject | None, after: JsonObject | None, *, used: bool) -> Keep:  # noqa: ARG002
        """Keep the key, whatever happened."""
        return Keep(f"the key {self.key_name} stays: {KEPT.why}", codes.vault.KEY_KEPT)

    def permissions(self) -> Permissions:
        """Return reading and creating keys through Resource Manager, and reading deleted keys where it is permitted."""
        return (
            Permission("Microsoft.KeyVault/vaults/keys/read", self.vault, "vault"),
            Permission("Microsoft.KeyVault/vaults/keys/write", self.vault, "vault"),
        )

    def differences(self, body: Mapping[str, Any]) -> tuple[str, ...]:
        """Return, in words, where the existing key in *body* is not what the step would create; none of it is corrected."""
        return key_state.differences(
            body, kty=self.key_type, size=self.size, rotation=self.rotation, expires=self.expires
        )

    def may_exist_deleted(self, found: Found) -> bool:
        """Say whether a deleted key of that name could not be looked for: the vault's own endpoint is out of reach."""
        return found.body is None and reads.is_unreachable(found.reads.get(reads.deleted_key(self.address())))

    def _properties(self) -> dict[str, Any]:
        attributes: dict[str, Any] = {"enabled": True}
        if self.expires is not None:
            attributes["exp"] = int(parse_utc(self.expires).timestamp())
        properties: dict[str, Any] = {
            "kty": self.key_type,
            "keySize": self.size,
            "keyOps": list(key_state.NEEDED_OPERATIONS),
            "attributes": attributes,
        }
        if self.rotation is not None:
            properties["rotationPolicy"] = self.rotation.body()
        return properties

    def _unlike(self, body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """Yield what else of an existing key is not as this step would make it, so that another's key is not taken for ours.

        Not its expiry: that moves with each rotation.
        """
        operations = at_path(body, "properties.keyOps")
        if operations is not None and {str(one).lower() for one in operations} != _NEEDED:
            yield "properties.keyOps", sorted(operations)
        policy = at_path(body, "properties.rotationPolicy")
        if self.rotation is not None and RotationPolicy.read(policy) != self.rotation:
            yield "properties.rotationPolicy", policy

    def _lines(self) -> tuple[Line, ...]:
        properties = self._properties()
        values = {f"properties.{name}": value for name, value in properties.items() if name != "attributes"}
        values.update({f"properties.attributes.{name}": value for name, value in properties["attributes"].items()})
        return tuple(Line(path, None, value, reversibility=KEPT) for path, value in values.items())

    def _judge_existing(self, body: Mapping[str, Any], found: Found) -> Decision:
        blocked = key_state.judge_key(
            self.address(), body, found.now, types=self.allowed_types, sizes=self.allowed_sizes
        )
        if blocked is not None:
            return blocked
        other = self.differences(body)
        lines = tuple(
            Line(path, at_path(body, path), at_path(body, path), "relied_on")
            for path in ("properties.kty", "properties.keySize", "properties.attributes.enabled")
        )
        lines += tuple(Line(path, value, value, "relied_on") for path, value in self._unlike(body))
        remark = f"; used as it is: {'; '.join(other)}" if other else ""
        return Done(f"the key {self.key_name} exists{remark}", lines)
