"""Short names for resources: the shortest end of an id that is unique among those shown."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from cmk_remediate.errors import InputError
from cmk_remediate.model.ids import ResourceId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ID = re.compile(r"/subscriptions/[^\s\"',:;()\[\]{}]+", re.IGNORECASE)


class Names:
    """Short names for a set of resource ids; what is not an id is its own name."""

    def __init__(self, ids: Iterable[str]) -> None:
        """Choose a name for each of *ids*."""
        candidates = {text.lower(): tuple(_candidates(text)) for text in ids}
        uses = Counter(name.lower() for names in candidates.values() for name in dict.fromkeys(names))
        self._names = {
            key: next((name for name in names if uses[name.lower()] == 1), names[-1])
            for key, names in candidates.items()
        }

    def __call__(self, text: str) -> str:
        """Return the short name of the id *text*; *text* itself when it was not among those given."""
        return self._names.get(text.lower(), text)

    def shortened(self, value: Any) -> Any:
        """Return the JSON *value* with each resource id in its texts replaced by its short name."""
        if isinstance(value, str):
            return _ID.sub(lambda found: self(found[0]), value)
        if isinstance(value, list):
            return [self.shortened(item) for item in value]
        if isinstance(value, dict):
            return {self.shortened(key): self.shortened(item) for key, item in value.items()}
        return value


def ids_in(value: Any) -> Iterator[str]:
    """Yield each resource id in the texts of the JSON *value*."""
    if isinstance(value, str):
        yield from _ID.findall(value)
    elif isinstance(value, list):
        for item in value:
            yield from ids_in(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from ids_in(key)
            yield from ids_in(item)


def _candidates(text: str) -> Iterator[str]:
    """Yield ever longer names of *text*, the whole id last."""
    try:
        found = ResourceId.parse(text)
    except InputError:
        yield text
        return
    if found == found.subscription_id:
        yield f"subscription {found.name}"
    elif found.scope is not None:
        if found.scope == found.subscription_id:  # as every built-in role is
            yield f"{found.type.rpartition('/')[2]}/{found.name}"
        scope = next(_candidates(found.scope.text))
        yield f"{found.type.rpartition('/')[2]}/{found.name} on {scope}"
    elif found.parent is not None:
        path = found.names[0]
        kinds = found.type.split("/")[2:]
        for kind, name in zip(kinds, found.names[1:], strict=True):
            path += f"/{kind}/{name}"
        yield path
        yield f"{found.resource_group}/{path}"
    else:
        yield found.name
        yield f"{found.resource_group}/{found.name}"
        yield f"{found.subscription}/{found.resource_group}/{found.name}"
    yield text
