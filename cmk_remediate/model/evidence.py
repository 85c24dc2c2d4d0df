"""Evidence of a run: one file that says what was agreed, done and found afterwards; and what checking such a file found."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from cmk_remediate.model.result import Verification

PartVerdict = Literal["right", "altered", "not judged"]


@dataclass(frozen=True)
class Evidence:
    """Evidence of a run, as a file that is not saved yet.

    Attributes:
        run: the run's digest.
        verification: what was found when it was made; its exit code says whether the run's result stands.
        content: the file's bytes, a zip.
        at: where its run store is.
    """

    run: str
    verification: Verification
    content: bytes
    at: str

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.run}.zip"

    @cached_property
    def sha256(self) -> str:
        """The digest of the file's bytes, in hex: note it where others cannot write."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class CheckedPart:
    """What checking one part of an evidence file found.

    Attributes:
        part: a member's name, or what was compared, in a word or two.
        verdict: ``right``, ``altered``, or ``not judged`` where this version cannot say.
        text: one sentence.
    """

    part: str
    verdict: PartVerdict
    text: str


@dataclass(frozen=True)
class TargetLeft:
    """How a run left one target, by its journal.

    Attributes:
        id: the target's resource id.
        end: the end of the step that ended worst; ``unfinished`` where steps have none yet.
        code: why, where it did not end well; empty otherwise.
        text: one sentence.
    """

    id: str
    end: str
    code: str
    text: str


@dataclass(frozen=True)
class EvidenceCheck:
    """What `check_evidence` found in a file.

    Attributes:
        file: its name.
        sha256: the digest of its bytes, in hex.
        run: the run it says it is of.
        state: ``finished``, ``unfinished`` or ``rolled back``, as its journal says.
        made: when, by whom (an object id) and with which version it was made.
        accepted: each acceptance the review requires, with who accepted it and when.
        parts: each part that was checked.
        verification: what the bodies in it say of the targets, judged anew; None where they could not be judged.
        ends: how the run left each target.
        undone: the same of the run that rolled it back; nothing where none did.
        exit_code: 0: nothing is altered and all is right; 2: nothing is altered, and not all is right; 3: something is altered.
    """

    file: str
    sha256: str
    run: str
    state: str
    made: str
    accepted: tuple[str, ...]
    parts: tuple[CheckedPart, ...]
    verification: Verification | None
    ends: tuple[TargetLeft, ...]
    undone: tuple[TargetLeft, ...]
    exit_code: int
