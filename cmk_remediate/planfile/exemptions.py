"""The schema of an exemptions file, and loading one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from cmk_remediate.planfile.document import parse
from cmk_remediate.planfile.load import read_text
from cmk_remediate.planfile.schema import Part, ResourceIdText
from cmk_remediate.planfile.validate import validated


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError as error:
        message = f"{text!r} is not a day such as 2027-01-31"
        raise ValueError(message) from error
    return text


Day = Annotated[str, AfterValidator(_day), Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Words = Annotated[str, Field(min_length=1, max_length=500)]


class ExemptionEntry(Part):
    """What does not count for a while, and why."""

    resource_id: ResourceIdText
    """A resource; or a resource group or subscription, for all that is in it."""
    owner: Words
    """Who answers for it."""
    reason: Words
    """Why it is exempt."""
    expires: Day
    """The last day it is, in UTC. From the next day on it is shown, and ignored."""


class ExemptionsFile(Part):
    """Exemptions from an assessment."""

    exemptions: tuple[ExemptionEntry, ...]
    """Each counts by itself."""


def load_exemptions(path: str | Path) -> tuple[ExemptionEntry, ...]:
    """Return the exemptions in the file at *path*.

    Raises:
        PlanError: CMK101 when it cannot be read, is not UTF-8 or not YAML 1.2; CMK102 or 103 for what is wrong in it.
    """
    name = str(path)
    return validated(parse(read_text(Path(path), name), name), ExemptionsFile, name).exemptions
