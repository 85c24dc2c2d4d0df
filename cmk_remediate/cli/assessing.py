"""assess: what is not compliant, with proofs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cmk_remediate
from cmk_remediate import Selection, codes
from cmk_remediate.cli import output, world
from cmk_remediate.cli.options import Format, Globals
from cmk_remediate.errors import UsageError
from cmk_remediate.report import renderer
from cmk_remediate.report.json_ import pretty

NOT_COMPLIANT = 2


def selection(
    services: Sequence[str], tags: Sequence[str], locations: Sequence[str], names: Sequence[str]
) -> cmk_remediate.Selection:
    """Return what the options select.

    Raises:
        UsageError: CMK100 when a tag is not NAME=VALUE.
    """
    pairs: list[tuple[str, str]] = []
    for text in tags:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise UsageError(codes.input_.USAGE, f"--tag takes NAME=VALUE, not {text!r}")
        pairs.append((name, value))
    return Selection(tuple(services), tuple(pairs), tuple(locations), tuple(names))


def assess(
    options: Globals,
    scopes: Sequence[str],
    only: Selection,
    saved: Path | None,
    *,
    vaults: Sequence[str],
    owner_tag: str,
    cloud: str,
    detailed: bool,
) -> int:
    """Show what is found in *scopes*, and save it."""
    if saved is not None:
        output.writable(saved)
    with world.connection(options, cloud=cloud) as connection:
        found = cmk_remediate.assess(scopes, connection=connection, only=only, vaults=vaults, owner_tag=owner_tag)
    if saved is not None:
        output.save(pretty(found.to_json()), saved)
    output.emit(renderer((options.format or Format.text).value).assessment(found), options.palette)
    return NOT_COMPLIANT if detailed and not found.compliant else 0
