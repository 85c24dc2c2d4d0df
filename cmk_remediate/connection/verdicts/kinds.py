"""What an error can mean, and a table of such meanings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from cmk_remediate.codes.code import Code

Reason = Literal["access", "busy", "replication", "throttled"]


@dataclass(frozen=True)
class Later:
    """Time cures it.

    Attributes:
        reason: as in `cmk_remediate.model.outcomes.NotYet`.
        source: who says so.
        network_possible: the same answer can come from a vault firewall.
    """

    reason: Reason
    source: str
    network_possible: bool = False


@dataclass(frozen=True)
class Never:
    """Time does not cure it.

    Attributes:
        code: what our user is told.
        source: who says so.
        hint: what to do about this error, where it is more than the code says.
    """

    code: Code
    source: str
    hint: str = ""


@dataclass(frozen=True)
class ReadFirst:
    """Only a read can say what is true now.

    Attributes:
        source: who says so.
        there: what was asked for exists already.
    """

    source: str
    there: bool = False


Verdict: TypeAlias = Later | Never | ReadFirst


@dataclass(frozen=True)
class Table:
    """What the errors of one provider mean.

    Codes and text are in lower case.

    Attributes:
        namespace: the provider's (``microsoft.sql``); empty for what every provider may answer.
        codes: by code, asked for the innermost first.
        said: by (code, part of the text), for codes that mean several things: asked before *codes*.
        texts: by part of the text, where no code is known.
        vague: by a code that says little by itself: where no text is known either and nothing more specific stands inside it.
    """

    namespace: str
    codes: Mapping[str, Verdict] = field(default_factory=dict)
    said: tuple[tuple[str, str, Verdict], ...] = ()
    texts: tuple[tuple[str, Verdict], ...] = ()
    vague: Mapping[str, Verdict] = field(default_factory=dict)
