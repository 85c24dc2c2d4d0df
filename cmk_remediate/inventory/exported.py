"""An exported estate: what was read, what was not, what was taken out; and the file that holds it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from cmk_remediate import codes, files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_NEVER = (
    "data, secrets and certificates of vaults, key material, and soft-deleted keys",
    "who is in which group, and other rights that Entra ID gives: the operator of the copy is an Owner instead",
    "where callers are on the network: everybody calls from the internet, services as their kind is trusted",
    "what the caller may not read and Azure therefore leaves out of its lists without a word",
)


@dataclass(frozen=True)
class ExportedEstate:
    """A copy of an estate, without its secrets, for the embedded Azure.

    Attributes:
        content: what an estate file holds (docs/simulator.md).
        scopes: what was exported.
        made_at: when, ISO 8601 UTC, Azure's clock.
        made_by: the object id of who read it; empty when the token did not say.
        not_read: what Azure did not show, each with the reason, and what was left out on purpose.
        removed: resource and path of each member that was taken out because it is a secret or can hold one.
    """

    content: dict[str, Any]
    scopes: tuple[str, ...]
    made_at: str
    made_by: str
    not_read: tuple[str, ...]
    removed: tuple[str, ...]

    def to_yaml(self) -> str:
        """Return the estate file: what is missing stands in its head, as comments."""
        stream = io.StringIO()
        yaml = YAML(typ="safe", pure=True)
        yaml.default_flow_style = False
        yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # as Azure shows it: rebuild packs keep it
        yaml.width = 1000
        yaml.allow_unicode = True
        yaml.dump(self.content, stream)
        return "".join(f"{_comment(line)}\n" for line in self._head()) + stream.getvalue()

    def _head(self) -> Iterator[str]:
        yield f"An estate, as {self.made_by or 'somebody'} saw it at {self.made_at}: {', '.join(self.scopes)}."
        yield "Rehearse on a copy: cmk-remediate --simulate az.json --estate THIS-FILE dry-run PLAN"
        yield ""
        yield from _listed("Not in it, because Azure did not show it, or on purpose:", self.not_read)
        yield from _listed("Taken out, because it is a secret or can hold one:", self.removed)
        yield from _listed("Never in such a file:", _NEVER)


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    yield title
    yield from [f"- {item}" for item in items] or ["- nothing"]
    yield ""


def _comment(line: str) -> str:
    """Return *line* as one comment, whatever signs came from Azure."""
    plain = "".join(sign if sign.isprintable() else " " for sign in line)
    return f"# {' '.join(plain.split())}".rstrip()


def save_estate(estate: ExportedEstate, path: str | Path) -> None:
    """Write *estate* to *path* as YAML, whole or not at all.

    Raises:
        InputError: CMK118 when it cannot be written.
    """
    with files.naming(path, codes.input_.OUTPUT_UNWRITABLE):
        files.write(path, estate.to_yaml().encode())
