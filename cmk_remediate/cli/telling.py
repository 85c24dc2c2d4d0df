"""explain, schema, runs, requests, advance: what needs no Azure, or only the embedded one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cmk_remediate import codes, files
from cmk_remediate.cli import output, world
from cmk_remediate.cli.options import Format, Globals, RequestsFormat, duration
from cmk_remediate.codes import CODES
from cmk_remediate.errors import UsageError
from cmk_remediate.report.words import wrap


def explain(options: Globals, text: str) -> int:
    """Print what a code means and what to do about it."""
    name = text.strip().strip("[]").upper()
    code = CODES.get(f"CMK{name}" if name.isdecimal() else name)
    if code is None:
        raise UsageError(codes.input_.USAGE, "no such code; docs/errors.md lists them all", resource=text)
    if options.format is Format.json:
        from cmk_remediate.report.json_ import pretty

        document = {
            "code": str(code),
            "title": code.heading,
            "meaning": code.meaning,
            "next": code.next,
            "page": code.page,
        }
        output.emit(pretty(document))
        return 0
    lines = [f"{code}: {code.heading}", "", *wrap(code.meaning), "", *wrap(f"next: {code.next}"), f"see:  {code.page}"]
    output.emit("\n".join(lines) + "\n", options.colour)
    return 0


def schema(kind: str) -> int:
    """Print the JSON Schema of a plan file, a saved review, or of what is printed as JSON."""
    from cmk_remediate.report.json_ import pretty

    output.emit(pretty(_schema(kind)))
    return 0


def _schema(kind: str) -> dict[str, Any]:
    if kind == "plan":
        from cmk_remediate.planfile.load import json_schema

        return json_schema()
    from cmk_remediate.report.schema import SCHEMAS

    return SCHEMAS[kind]()


def runs(options: Globals) -> int:
    """List what the run store holds."""
    import cmk_remediate
    from cmk_remediate.report import renderer

    with world.of_store(options) as connection:
        found = cmk_remediate.runs(world.store(options), connection=connection)
    output.emit(renderer((options.format or Format.text).value).runs(found), options.palette)
    return 0


def unlock(options: Globals, text: str) -> int:
    """Take the leases of a run away, and say which they were."""
    import cmk_remediate

    with world.of_store(options) as connection:
        found = cmk_remediate.unlock(world.store(options), text, connection=connection)
    if options.format is Format.json:
        from cmk_remediate.report.json_ import pretty

        output.emit(pretty({"run": text, "unlocked": list(found)}))
        return 0
    lines = [f"unlocked {name}" for name in found] or ["nothing was locked"]
    output.emit("".join(f"{line}\n" for line in lines), options.colour)
    return 0


def requests(options: Globals, form: RequestsFormat | None) -> int:
    """List every request the embedded Azure was sent so far."""
    from cmk_remediate import simulator
    from cmk_remediate.report import renderer
    from cmk_remediate.report.json_ import ndjson

    rows = simulator.requests(_state(options))
    if form is RequestsFormat.ndjson:
        output.emit(ndjson(rows))
        return 0
    chosen = Format(form.value) if form else (options.format or Format.text)
    output.emit(renderer(chosen.value).requests(rows), options.palette)
    return 0


def _state(options: Globals) -> Path:
    """Return the state file of the embedded Azure, made if it is missing."""
    path = options.simulated()
    if not files.is_there(path):
        with world.connection(options):
            pass
    return path


def advance(options: Globals, text: str) -> int:
    """Let time pass in the embedded Azure, and say what happened."""
    from cmk_remediate import simulator

    happened = simulator.advance(_state(options), duration(text).total_seconds())
    lines = [str(line) for line in happened] or ["nothing happened"]
    output.emit("".join(f"{line}\n" for line in lines), options.colour)
    return 0
