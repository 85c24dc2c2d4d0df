"""Azure's errors and what each means, as the tests see it: the rows of azure_errors/*.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from cmk_remediate.model.outcomes import NotYet, Refused, Unclear

FOLDER = Path(__file__).parent / "azure_errors"


class Error(NamedTuple):
    """One error.

    Attributes:
        namespace: of the provider that answers; empty for any.
        code: Azure's error code; empty where only the text is known.
        text: the message, or the part of it that is known; ``...`` stands for names.
        status: of a first reply with it.
        kind: ``not-yet``, ``transient``, ``refused``, ``already-done`` or ``unclear``.
        says: what the product says: see `word`.
        source: who says that Azure answers so.
    """

    namespace: str
    code: str
    text: str
    status: int
    kind: str
    says: str
    source: str


def errors() -> list[Error]:
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        content = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        found += [Error(content["namespace"], *row) for row in content["rows"]]
    return found


def word(outcome: Any) -> str:
    """Return an outcome in a word: a reason (``?``: a firewall is possible), a code of ours, or ``read``."""
    if isinstance(outcome, NotYet):
        return outcome.reason + ("?" if outcome.network_possible else "")
    if isinstance(outcome, Refused):
        return str(outcome.code)
    assert isinstance(outcome, Unclear)
    return "read"
