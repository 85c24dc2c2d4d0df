"""Writes the generated parts of README.md and docs/: ``python -m tests.docs.generate``. A test compares them with the checkout."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.docs import excerpts, reference, tables

ROOT = Path(__file__).resolve().parents[2]
SETTLE = ROOT / "cmk_remediate" / "engine" / "settle.py"


def settle_loop() -> str:
    """Return the one loop as a fenced block."""
    return "```python\n" + SETTLE.read_text(encoding="utf-8") + "```\n"


def between(page: str, mark: str, text: str) -> str:
    """Return *page* with what stands between the marks ``<!-- mark -->`` and ``<!-- /mark -->`` replaced by *text*.

    Raises:
        ValueError: the marks are not there.
    """
    head, begins, rest = page.partition(f"<!-- {mark} -->\n")
    before, ends, tail = rest.partition(f"<!-- /{mark} -->")
    if not (begins and ends):
        raise ValueError(f"the page has no marks {mark}")
    kept = before if excerpts.but_for_digests(before) == excerpts.but_for_digests(text) else text
    return f"{head}{begins}{kept}{ends}{tail}"


def parts() -> dict[str, dict[str, str]]:
    """Return what is generated inside of pages, by page and mark."""
    return {
        "README.md": {name: excerpts.excerpt(name) for name in excerpts.DEMO},
        "docs/command-line.md": {"exit-codes": tables.exit_codes(), "reference": reference.command_line()},
        "docs/how-it-works.md": {"settle": settle_loop()},
        "docs/library.md": {"functions": reference.library(), "types": reference.types()},
        "docs/plan-files.md": {"fields": tables.plan_fields(), "example": excerpts.plan()},
        "docs/simulator.md": {"settings": tables.settings(), "switches": tables.switches()},
        "docs/sql.md": {
            "refusals": tables.sql_codes(notes=False),
            "remarks": tables.sql_codes(notes=True),
            "role-names": excerpts.role_names(),
            "role": excerpts.role(),
        },
    }


def pages() -> dict[str, str]:
    """Return every page that is wholly or partly generated, by its path in the checkout."""
    found = {"docs/errors.md": tables.errors(), "docs/doubts.md": tables.doubts()}
    for name, inside in parts().items():
        page = (ROOT / name).read_text(encoding="utf-8")
        for mark, text in inside.items():
            page = between(page, mark, text)
        found[name] = page
    return found


if __name__ == "__main__":
    for name, text in pages().items():
        (ROOT / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {name}\n")
