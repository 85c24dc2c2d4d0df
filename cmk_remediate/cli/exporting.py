"""export-estate: a copy of an estate for rehearsals, and on stderr what is not in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cmk_remediate
from cmk_remediate.cli import output, world
from cmk_remediate.cli.options import Globals
from cmk_remediate.cli.streams import aside


def export_estate(options: Globals, scopes: Sequence[str], saved: Path | None, cloud: str) -> int:
    """Write the estate file of *scopes*, and say what could not be read."""
    world.check_cloud(cloud)
    if saved is not None:
        output.writable(saved, options.simulate, options.estate)
    with world.connection(options, cloud=cloud) as connection:
        estate = cmk_remediate.export_estate(scopes, connection=connection)
    if saved is not None:
        cmk_remediate.save_estate(estate, saved)
    else:
        output.emit(estate.to_yaml())
    for text in estate.not_read:
        aside(f"not in the estate: {' '.join(text.split())}\n")
    if not options.quiet:
        held, gone = len(estate.content["resources"]), len(estate.removed)
        aside(f"{held} resources, {len(estate.not_read)} things missing, {gone} members taken out as secrets\n")
    return 0
