"""Writes the generated pages of docs/: ``python -m tests.docs.generate``. A test compares them with what is in the checkout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from cmk_remediate.codes import CODES
from cmk_remediate.planfile.load import json_schema

DOCS = Path(__file__).resolve().parents[2] / "docs"
PACKAGE = DOCS.parent / "cmk_remediate"

_FAMILIES = {
    "1": "Input: plan file, estate file, command line, review",
    "2": "Access: who may do what, and when Azure knows it",
    "3": "Vault and key",
    "4": "Azure SQL",
    "5": "Engine: what a run decides",
    "6": "Notes a review carries",
}


def errors() -> str:
    """Return docs/errors.md."""
    parts = [
        "# Codes\n",
        "Generated from `cmk_remediate/codes/`. `cmk-remediate explain CODE` prints the same without a network.\n",
    ]
    family = ""
    for code in CODES.values():
        if code[3] != family:
            family = code[3]
            parts.append(f"## {family}xx {_FAMILIES[family]}\n")
        parts.append(f'### <a id="{code.lower()}"></a>{code}: {code.heading}\n\n{code.meaning}\n\n**Next:** {code.next}\n')
    return "\n".join(parts)


def plan_fields() -> str:
    """Return docs/plan-files.md's table of fields."""
    schema = json_schema()
    rows = ["| field | type | default | meaning |", "| --- | --- | --- | --- |"]
    rows.extend(_rows(schema, schema, ""))
    return "\n".join(rows) + "\n"


def _rows(part: dict[str, Any], schema: dict[str, Any], prefix: str) -> list[str]:
    rows: list[str] = []
    for name, field in part.get("properties", {}).items():
        inner = _resolve(field, schema)
        default = f"`{field['default']}`" if field.get("default") is not None and "properties" not in inner else ""
        text = str(field.get("description") or inner.get("description") or "").replace("|", "\\|").split("\n")[0]
        needed = "required" if name in part.get("required", ()) else default
        rows.append(f"| `{prefix}{name}` | {_type(field, schema)} | {needed} | {text} |")
        item = _resolve(inner["items"], schema) if inner.get("type") == "array" else inner
        rows.extend(_rows(item, schema, f"{prefix}{name}{'[]' if inner.get('type') == 'array' else ''}."))
    return rows


def _resolve(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for option in field.get("anyOf", [field]):
        if "$ref" in option:
            found: dict[str, Any] = schema["$defs"][option["$ref"].rpartition("/")[2]]
            return found
        if option.get("type") == "array":
            return dict(option)
    return field


def _type(field: dict[str, Any], schema: dict[str, Any]) -> str:
    options = [option for option in field.get("anyOf", [field]) if option.get("type") != "null"]
    words = []
    for option in options:
        if "enum" in option:
            words.append(" or ".join(f"`{value}`" for value in option["enum"]))
        elif "const" in option:
            words.append(f"`{option['const']}`")
        elif "$ref" in option:
            words.append("object")
        else:
            words.append({"array": "list", "boolean": "true or false"}.get(str(option.get("type")), str(option.get("type"))))
    return ", ".join(words)


def settle_loop() -> str:
    """Return the one loop as a fenced block."""
    return "```python\n" + (PACKAGE / "engine" / "settle.py").read_text() + "```\n"


def doubts() -> str:
    """Return docs/doubts.md."""
    from cmk_remediate.simulator.doubts import DOUBTS  # noqa: PLC0415 - only this page needs it

    parts = [
        "# Doubts\n",
        "Generated from `cmk_remediate/simulator/doubts.py`. A doubt is a fact about Azure with two readings. The code is right"
        " under both: each service's plan is tested once per reading. `--doubt NAME=READING` sets one by hand on the embedded"
        " Azure. A doubt leaves this page only with a source.\n",
    ]
    for doubt in DOUBTS:
        readings = "\n".join(f"- `{reading}`{' (default)' if reading == doubt.default else ''}" for reading in doubt.readings)
        parts.append(f"## `{doubt.name}`\n\n{doubt.sentence}\n\n{readings}\n\nSource: {doubt.source}\n")
    return "\n".join(parts)


def between(page: str, mark: str, text: str) -> str:
    """Return *page* with what stands between the marks ``<!-- mark -->`` and ``<!-- /mark -->`` replaced by *text*."""
    head, _, rest = page.partition(f"<!-- {mark} -->\n")
    _, _, tail = rest.partition(f"<!-- /{mark} -->")
    return f"{head}<!-- {mark} -->\n{text}<!-- /{mark} -->{tail}"


def pages() -> dict[str, str]:
    """Return every page that is wholly or partly generated, by name."""
    return {
        "errors.md": errors(),
        "doubts.md": doubts(),
        "plan-files.md": between((DOCS / "plan-files.md").read_text(), "fields", plan_fields()),
        "how-it-works.md": between((DOCS / "how-it-works.md").read_text(), "settle", settle_loop()),
    }


if __name__ == "__main__":
    for name, text in pages().items():
        (DOCS / name).write_text(text)
        sys.stdout.write(f"wrote docs/{name}\n")
