"""Tables of docs/ that are made from the code's own tables: codes, doubts, plan fields, settings, switches."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from cmk_remediate.codes import FAMILIES, codes_of
from cmk_remediate.model.doors import DOORS
from cmk_remediate.planfile.load import json_schema
from cmk_remediate.report.ends import MEANINGS
from cmk_remediate.simulator.doubts import ALL
from cmk_remediate.simulator.providers import PROVIDERS
from cmk_remediate.simulator.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


def cell(text: str) -> str:
    """Return *text* as it stands in a cell of a Markdown table; what RST writes in two backquotes has one."""
    return " ".join(text.split()).replace("``", "`").replace("|", "\\|")


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def errors() -> str:
    """Return docs/errors.md."""
    parts = [
        "# Codes\n",
        "Generated from `cmk_remediate/codes/`. `cmk-remediate explain CODE` prints the same without a network.\n",
    ]
    for family, module in FAMILIES.items():
        parts.append(f"## {family}\n")
        parts.extend(
            f'### <a id="{code.lower()}"></a>{code}: {code.heading}\n\n{code.meaning}\n\n**Next:** {code.next}\n'
            for code in codes_of(module)
        )
    return "\n".join(parts)


def exit_codes() -> str:
    """Return what each exit code means."""
    return table(("code", "meaning"), ((str(code), cell(text)) for code, text in MEANINGS.items()))


def doors() -> str:
    """Return what each kind of acceptance means."""
    rows = ((", ".join(f"`{kind}:{name}`" for name in door.names), cell(door.meaning)) for kind, door in DOORS.items())
    return table(("acceptance", "what it accepts"), rows)


def codes_table(module: ModuleType, *, notes: bool) -> str:
    """Return the codes of one module: those that refuse or say what stays, or those that only remark."""
    chosen = (one for one in codes_of(module) if (one.kind != "reason") is notes)
    rows = ((f"[{one}](errors.md#{one.lower()})", cell(one.heading), cell(one.next)) for one in chosen)
    return table(("code", "what", "next"), rows)


def settings() -> str:
    """Return every setting of the embedded Azure with its default, from the class that holds them."""
    meanings = _attributes(inspect.getdoc(Settings) or "")
    plain = Settings()
    rows = ((f"`{one.name}`", _shown(getattr(plain, one.name)), cell(meanings[one.name])) for one in fields(Settings))
    return table(("setting", "default", "meaning"), rows)


def _attributes(text: str) -> dict[str, str]:
    """Return what the section Attributes of a docstring says of each name."""
    _, _, section = text.partition("Attributes:\n")
    return dict(re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", section, re.MULTILINE))


def _shown(value: Any) -> str:
    if value is None or value == {}:
        return ""
    if isinstance(value, tuple):
        return "`[" + ", ".join(f"{one:g}" for one in value) + "]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def switches() -> str:
    """Return every switch of the providers."""
    rows = (
        (f"`{one.name}`", "on" if one.default else "off", cell(one.sentence))
        for provider in PROVIDERS
        for one in provider.switches
    )
    return table(("switch", "default", "when on"), rows)


def doubts() -> str:
    """Return docs/doubts.md."""
    parts = [
        "# Doubts\n",
        (
            "Generated from `cmk_remediate/simulator/doubts/`. A doubt is a fact about Azure with two or more readings; the"
            " tests run the code under each. `--doubt NAME=READING` sets one by hand on the embedded Azure. A doubt"
            " leaves this page only with a source.\n"
        ),
    ]
    for doubt in ALL:
        readings = "\n".join(
            f"- `{name}`: {meaning}{' (default)' if name == doubt.default else ''}"
            for name, meaning in doubt.readings.items()
        )
        parts.append(f"## `{doubt.name}`\n\n{doubt.sentence}\n\n{readings}\n\nSource: {doubt.source}\n")
    return "\n".join(parts)


def plan_fields() -> str:
    """Return every field of a plan file."""
    schema = json_schema()
    return table(("field", "type", "default", "meaning"), _fields(schema, schema, ""))


def _fields(part: dict[str, Any], schema: dict[str, Any], prefix: str) -> Iterator[tuple[str, ...]]:
    for name, field in part.get("properties", {}).items():
        inner = _resolve(field, schema)
        default = (
            f"`{_yaml(field['default'])}`" if field.get("default") is not None and "properties" not in inner else ""
        )
        text = str(field.get("description") or inner.get("description") or "").split("\n", maxsplit=1)[0]
        needed = "required" if name in part.get("required", ()) else default
        yield f"`{prefix}{name}`", _type(field), needed, cell(text)
        item = _resolve(inner["items"], schema) if inner.get("type") == "array" else inner
        yield from _fields(item, schema, f"{prefix}{name}{'[]' if inner.get('type') == 'array' else ''}.")


def _yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _resolve(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for option in field.get("anyOf", [field]):
        if "$ref" in option:
            found: dict[str, Any] = schema["$defs"][option["$ref"].rpartition("/")[2]]
            return found
        if option.get("type") == "array":
            return dict(option)
    return field


def _type(field: dict[str, Any]) -> str:
    words = []
    for option in (one for one in field.get("anyOf", [field]) if one.get("type") != "null"):
        if "enum" in option:
            words.append(" or ".join(f"`{value}`" for value in option["enum"]))
        elif "const" in option:
            words.append(f"`{option['const']}`")
        elif "$ref" in option:
            words.append("object")
        else:
            kind = str(option.get("type"))
            words.append({"array": "list", "boolean": "true or false", "string": "text"}.get(kind, kind))
    return ", ".join(words)
