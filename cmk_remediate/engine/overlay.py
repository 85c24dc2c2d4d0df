"""Azure as read, with the effects of changes not made yet laid over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmk_remediate.model.decisions import Effect, Found, Read
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.json_types import JsonObject, merge_patch
from cmk_remediate.model.values import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmk_remediate.model.outcomes import Reader
    from cmk_remediate.model.step import Step


class Overlay:
    """Azure in the projection: bodies read once, effects merged over them (RFC 7396)."""

    def __init__(self, reader: Reader) -> None:
        """Read through *reader*, which should read each thing once."""
        self._reader = reader
        self._patches: dict[str, list[Effect]] = {}

    def lay(self, effects: Iterable[Effect]) -> None:
        """Let later looks find *effects*; one on an address not known yet can be found by nobody."""
        for effect in effects:
            if isinstance(effect.resource, ResourceId):
                self._patches.setdefault(effect.resource.key, []).append(effect)

    def body(self, resource: ResourceId, read: JsonObject | None) -> JsonObject | None:
        """Return *read* with the effects on *resource* laid over it."""
        result = read
        for effect in self._patches.get(resource.key, ()):
            result = (
                None
                if effect.patch is None
                else merge_patch({"id": resource.text} if result is None else result, effect.patch)
            )
        return result

    async def look(self, step: Step) -> Found:
        """Return what *step* would find."""
        address = step.address()
        body = None
        if isinstance(address, ResourceId) and step.reads_itself():
            body = self.body(address, (await self._reader.read(Read(address))).body)
        reads = {read: await self._answer(read) for read in step.also_reads()}
        return Found(body=body, reads=reads, now=self._reader.now())

    async def _answer(self, read: Read) -> Any:
        answer = (await self._reader.read(read)).body
        if read.verb == "get":
            return self.body(read.resource, answer)
        if read.verb.startswith("list:") and isinstance(answer, list):
            return self._children(read, answer)
        return answer

    def _children(self, read: Read, listed: list[Any]) -> list[Any]:
        """Return *listed* with effects on its members, and with the members that only effects have made."""
        kind = read.verb.partition(":")[2].lower()
        present: dict[str, Any] = {}
        for item in listed:
            key = str(item.get("id", "")).lower() or f"#{len(present)}"
            laid = self.body(ResourceId(item["id"]), item) if item.get("id") else item
            if laid is not None:
                present[key] = laid
        for key, effects in self._patches.items():
            resource = effects[0].resource
            if isinstance(resource, Unknown) or key in present or not self._is_member(resource, read.resource, kind):
                continue
            made = self.body(resource, None)
            if made is not None and not any(str(item.get("id", "")).lower() == key for item in listed):
                present[key] = made
        return list(present.values())

    @staticmethod
    def _is_member(resource: ResourceId, parent: ResourceId, kind: str) -> bool:
        above = resource.scope if resource.scope is not None else resource.parent
        return above == parent and resource.type.lower().rpartition("/")[2] == kind
