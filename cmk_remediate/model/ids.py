"""Azure resource ids: parsed once, compared without regard to case.

Azure returns ids in other casing than it was given them (some providers lower-case ``resourceGroups``), so two ids are equal
when their lower-case texts are. Shape: learn.microsoft.com, "Resource functions", `resourceId`.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import cached_property, lru_cache

from cmk_remediate import codes
from cmk_remediate.errors import InputError

LONGEST = 2000
"""Signs in an id; Azure's own stay well below."""
_SHOWN = 300
_IN_NAME = string.ascii_letters + string.digits + "-._()~!$'+,;=@[]{}^|"
_IN_DATABASE = _IN_NAME + ' #"`'


@dataclass(frozen=True, eq=False)
class ResourceId:
    """The id of a subscription, a resource group, a resource, a child resource or an extension resource.

    Attributes:
        text: the id as written, without a trailing slash.
    """

    text: str

    @classmethod
    def parse(cls, text: str) -> ResourceId:
        """Return the id written in *text*.

        Raises:
            InputError: CMK103 when it is not an id of a subscription or of something below one.
        """
        clean = text.strip(" ").rstrip("/")
        parts = clean.split("/")
        plausible = len(parts) >= 3 and not parts[0] and parts[1].lower() == "subscriptions" and all(parts[1:])
        if plausible and len(parts) > 3:
            rest = parts[3:]
            if rest[0].lower() == "resourcegroups" and len(rest) >= 2:
                rest = rest[2:]
            plausible = not rest or (rest[0].lower() == "providers" and len(rest) >= 4 and _well_paired(rest))
        if not plausible or not is_safe(clean):
            raise InputError(codes.input_.RESOURCE_ID_INVALID, f"{text[:_SHOWN]!r} is not an Azure resource id")
        return cls(clean)

    @cached_property
    def key(self) -> str:
        """The id in lower case: what equality, locks and dictionaries go by."""
        return self.text.lower()

    @cached_property
    def _anatomy(self) -> tuple[tuple[str, ...], int, str]:
        return _anatomy(self.text)

    @property
    def _parts(self) -> tuple[str, ...]:
        return self._anatomy[0]

    @property
    def subscription(self) -> str:
        """The subscription's id."""
        return self._parts[2]

    @property
    def resource_group(self) -> str:
        """The resource group's name, or an empty text for a subscription and what extends it."""
        return self._parts[4] if len(self._parts) > 4 and self._parts[3].lower() == "resourcegroups" else ""

    @property
    def _last_provider(self) -> int:
        return self._anatomy[1]

    @property
    def type(self) -> str:
        """The full type, such as ``Microsoft.Sql/servers/keys``; that of the extension for an extension resource."""
        return self._anatomy[2]

    @property
    def namespace(self) -> str:
        """The resource provider's namespace, such as ``Microsoft.Sql``; that of the extension for an extension resource."""
        return self.type.split("/")[0]

    @property
    def name(self) -> str:
        """The last name in the id."""
        return self._parts[-1]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the resource and its parents within its provider, outermost first."""
        start = self._last_provider
        return tuple(self._parts[start + 3 :: 2]) if start >= 0 else (self._parts[-1],)

    @property
    def parent(self) -> ResourceId | None:
        """The resource this one is a child of, or None for a top-level or extension resource."""
        return ResourceId("/".join(self._parts[:-2])) if self.type.count("/") > 1 else None

    @property
    def top_level(self) -> ResourceId:
        """The outermost resource: the server of a server key, the vault of a key. An extension gives its scope's."""
        if self.scope is not None:
            return self.scope.top_level
        found = self
        while found.parent is not None:
            found = found.parent
        return found

    @property
    def scope(self) -> ResourceId | None:
        """What an extension resource (a role assignment, a lock) extends; None for any other resource."""
        start = self._last_provider
        if start < 0:
            return None
        head = "/".join(self._parts[:start])
        nested = "/providers/" in head.lower()
        extends_container = self.type.lower().startswith(("microsoft.authorization/",)) and bool(head)
        return ResourceId(head) if nested or extends_container else None

    @property
    def group_id(self) -> ResourceId:
        """The id of the resource group, or of the subscription where there is none."""
        return ResourceId("/".join(self._parts[:5] if self.resource_group else self._parts[:3]))

    @property
    def subscription_id(self) -> ResourceId:
        """The id of the subscription as a resource."""
        return ResourceId("/".join(self._parts[:3]))

    def child(self, kind: str, name: str) -> ResourceId:
        """Return the id of the child resource *name* of type *kind* (``keys``, ``databases``)."""
        return ResourceId(f"{self.text}/{kind}/{name}")

    def extension(self, kind: str, name: str) -> ResourceId:
        """Return the id of the extension resource *name* of type *kind* (``Microsoft.Authorization/locks``)."""
        return ResourceId(f"{self.text}/providers/{kind}/{name}")

    def in_region(self, region: str) -> ResourceId:
        """Return the id of the provider's place for *region* (as Azure spells it, ``West Europe`` too) in the resource group.

        Raises:
            InputError: *region* is not the name of one.
        """
        name = region.replace(" ", "").lower()
        return ResourceId.parse(f"{self.group_id.text}/providers/{self.namespace}/locations/{name}")

    def is_type(self, kind: str) -> bool:
        """Say whether the id is of the full type *kind*, in any casing."""
        return self.type.lower() == kind.lower()

    def within(self, scope: ResourceId) -> bool:
        """Say whether the id is *scope* itself or anything below it."""
        return self.key == scope.key or self.key.startswith(scope.key + "/")

    def __eq__(self, other: object) -> bool:
        """Compare without regard to case."""
        return isinstance(other, ResourceId) and self.key == other.key

    def __lt__(self, other: ResourceId) -> bool:
        """Order by lower-case text."""
        return self.key < other.key

    def __hash__(self) -> int:
        """Hash the lower-case text."""
        return hash(self.key)

    def __str__(self) -> str:
        """Return the id as written."""
        return self.text


@lru_cache(maxsize=4096)
def _anatomy(text: str) -> tuple[tuple[str, ...], int, str]:
    """Return the segments of the id *text*, where the last ``providers`` stands among them (-1: nowhere), and the full type."""
    parts = tuple(text.split("/"))
    lower = text.lower().split("/")
    if "providers" not in lower:
        in_group = len(parts) > 4 and lower[3] == "resourcegroups" and parts[4]
        return parts, -1, f"Microsoft.Resources/{'resourceGroups' if in_group else 'subscriptions'}"
    start = len(lower) - 1 - lower[::-1].index("providers")
    tail = parts[start + 1 :]
    return parts, start, "/".join([tail[0], *tail[1::2]])


@lru_cache(maxsize=4096)
def is_safe(path: str) -> bool:
    """Say whether *path*, made of a resource id's segments, can stand in a URL and mean the same there.

    No segment steps up or sideways, none holds what a URL reads as something else, and none is of unreadable signs. Names of
    databases may hold more, such as blanks within
    (learn.microsoft.com, "Naming rules and restrictions for Azure resources", Microsoft.Sql).
    """
    parts = path.lstrip("/").split("/")
    before = ["", *parts]
    return len(path) <= LONGEST and all(
        _is_safe(part, in_database=kind.lower() == "databases") for kind, part in zip(before, parts, strict=False)
    )


def _is_safe(segment: str, *, in_database: bool) -> bool:
    if segment.strip(".") == "" or segment != segment.strip() or segment.endswith("."):
        return False
    allowed, beyond = (_IN_DATABASE, str.isprintable) if in_database else (_IN_NAME, str.isalnum)
    return all(sign in allowed if sign.isascii() else beyond(sign) for sign in segment)


def _well_paired(rest: list[str]) -> bool:
    """Say whether ``providers/NS/type/name...`` segments pair up, extensions included."""
    index = 0
    while index < len(rest):
        if rest[index].lower() == "providers":
            if len(rest) - index < 4:
                return False
            index += 4
        elif len(rest) - index >= 2:
            index += 2
        else:
            return False
    return True
