"""dry-run, show, permissions, verify: looking without touching."""

from __future__ import annotations

from pathlib import Path

import cmk_remediate
from cmk_remediate import codes, files
from cmk_remediate.cli import output, world
from cmk_remediate.cli.options import Format, Globals
from cmk_remediate.model.review import Review
from cmk_remediate.planfile.load import Loaded, load
from cmk_remediate.report import renderer
from cmk_remediate.report.json_ import pretty
from cmk_remediate.report.view import ReviewView

CHANGES_NEEDED = 2
EVERY_TARGET_BLOCKED = 4


def shown(options: Globals, review: Review, saved: Path | None = None) -> str:
    """Return *review*, saved in the file *saved* if there is one, in the format the options ask for."""
    return renderer((options.format or Format.text).value).review(review, str(saved or ""))


def dry_run(options: Globals, plan: Path, saved: Path | None, artefacts: Path | None, *, detailed: bool) -> int:
    """Show what moving the plan's targets would do, and save the review and what is made beside it."""
    document = load(plan)
    if saved is not None:
        output.writable(saved, options.simulate, options.estate, *files_of(document))
    with world.connection(options, cloud=document.cloud) as connection:
        review = cmk_remediate.dry_run(document, connection=connection, runs=options.runs)
    if artefacts is not None:
        cmk_remediate.save_artefacts(review, artefacts)
    if saved is not None:
        output.save(pretty(review.to_json()), saved)
    output.emit(shown(options, review, saved), options.palette)
    if review.targets and all(target.blocked for target in review.targets):
        return EVERY_TARGET_BLOCKED
    view = ReviewView(review)
    changes = any(view.outlook(target) != "no change" for target in review.targets if not target.blocked)
    return CHANGES_NEEDED if detailed and changes else 0


def files_of(document: Loaded) -> tuple[Path, ...]:
    """Return the files that *document* was read from."""
    found = (document.path, *(one.path for one in document.documents))
    return tuple(path for path in found if path is not None)


def show(options: Globals, path: Path) -> int:
    """Show a saved review; needs neither network nor credentials."""
    output.emit(shown(options, cmk_remediate.load_review(path), path), options.palette)
    return 0


def permissions(options: Globals, plan: Path, folder: Path | None) -> int:
    """Print the least-privilege custom roles, or write each to a file of its own."""
    document = load(plan)
    with world.connection(options, cloud=document.cloud) as connection:
        roles = cmk_remediate.permissions(document, connection=connection)
    if folder is None:
        output.emit(pretty(list(roles)))
        return 0
    with files.naming(folder, codes.input_.OUTPUT_UNWRITABLE):
        folder.mkdir(parents=True, exist_ok=True)
    for role in roles:
        name = "".join(one if one.isalnum() else "-" for one in str(role.get("Name", "role")).lower())
        path = folder / f"{name}.json"
        output.save(pretty(role), path)
        output.emit(f"{path}\n")
    return 0
