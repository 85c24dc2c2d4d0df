"""assess: what is not compliant, with proofs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cmk_remediate
from cmk_remediate import Selection, codes
from cmk_remediate.cli import output, world
from cmk_remediate.cli.options import Format, Globals
from cmk_remediate.cli.streams import aside
from cmk_remediate.errors import UsageError
from cmk_remediate.report import renderer
from cmk_remediate.report.json_ import pretty

NOT_COMPLIANT = 2


def selection(
    services: Sequence[str], tags: Sequence[str], locations: Sequence[str], names: Sequence[str]
) -> cmk_remediate.Selection:
    """Return what the options select.

    Raises:
        UsageError: CMK100 when a tag is not NAME=VALUE, or there is no such service.
    """
    pairs: list[tuple[str, str]] = []
    for text in tags:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise UsageError(codes.input_.USAGE, f"--tag takes NAME=VALUE, not {text!r}")
        pairs.append((name, value))
    return Selection(tuple(services), tuple(pairs), tuple(locations), tuple(names))


@dataclass(frozen=True)
class Files:
    """The files of an assessment.

    Attributes:
        saved: where it is saved, as JSON.
        imported: findings of other tools.
        exemptions: what does not count for now.
        earlier: the assessment to compare with.
        plans: the folder that plan files are written into.
    """

    saved: Path | None = None
    imported: Sequence[Path] = ()
    exemptions: Path | None = None
    earlier: Path | None = None
    plans: Path | None = None


def assess(
    options: Globals,
    scopes: Sequence[str],
    only: Selection,
    files: Files,
    *,
    vaults: Sequence[str],
    owner_tag: str,
    cloud: str,
    detailed: bool,
) -> int:
    """Show what is found in *scopes*, save it, and write plans.

    Raises:
        UsageError: CMK100 when there is nothing to look at.
        InputError: CMK102 when there is no such cloud.
    """
    if not scopes and not files.imported:
        raise UsageError(codes.input_.USAGE, "say where to look: --scope ID, or --from FILE")
    world.check_cloud(cloud)
    if files.saved is not None:
        read = (*files.imported, files.exemptions, files.earlier)
        output.writable(files.saved, options.simulate, options.estate, *read)
    imported = cmk_remediate.load_findings(files.imported)
    exemptions = () if files.exemptions is None else cmk_remediate.load_exemptions(files.exemptions)
    earlier = None if files.earlier is None else cmk_remediate.load_assessment(files.earlier)
    with world.connection(options, cloud=cloud) as connection:
        found = cmk_remediate.assess(
            scopes,
            connection=connection,
            only=only,
            exemptions=exemptions,
            imported=imported,
            earlier=earlier,
            runs=options.runs,
            vaults=vaults,
            owner_tag=owner_tag,
        )
    if files.saved is not None:
        output.save(pretty(found.to_json()), files.saved)
    written = () if files.plans is None else cmk_remediate.write_plans(found, files.plans)
    output.emit(renderer((options.format or Format.text).value).assessment(found), options.palette)
    for path in written:
        aside(f"plan: {path}\n")
    return NOT_COMPLIANT if detailed and not found.compliant else 0
