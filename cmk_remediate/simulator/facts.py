"""What a provider says about Azure itself: its refusals, its open questions, its roles, what of it can be turned off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cmk_remediate.simulator.effects import Json

UNCONFIRMED = "unconfirmed"
"""The `source` of an error or a reading for which no public source is known."""


@dataclass(frozen=True)
class ArmError:
    """A refusal, as the error envelope shows it.

    Attributes:
        status: the HTTP status; for a failed operation it is not sent.
        code: ``error.code``.
        message: ``error.message``.
        source: where the code, text or condition is documented (a page, an SDK symbol, an issue), or `UNCONFIRMED`.
        inner: ``error.innererror.code``, or empty for no inner error.
        retry_after: seconds for a Retry-After header, or None for no such header.
        extra: further members of ``error`` (``target``, ``details``, ``additionalInfo``).
    """

    status: int
    code: str
    message: str
    source: str
    inner: str = ""
    retry_after: int | None = None
    extra: Json = field(default_factory=dict)

    def body(self) -> Json:
        """Return the error envelope."""
        error: Json = {"code": self.code, "message": self.message, **self.extra}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return {"error": error}


@dataclass(frozen=True)
class Doubt:
    """A fact about Azure with two or more readings; a World is opened with one of them.

    Attributes:
        name: a short, stable name in kebab-case; what ``--doubt NAME=READING`` names.
        sentence: the question, as one sentence.
        source: what is known and where from.
        readings: each reading's name and what Azure does under it, in a sentence.
        default: the name of the reading taken when none is chosen.
    """

    name: str
    sentence: str
    source: str
    readings: Mapping[str, str]
    default: str


@dataclass(frozen=True)
class Switch:
    """Something the embedded Azure models that a test can turn off, to prove that it bites.

    Attributes:
        name: a short, stable name in kebab-case.
        sentence: what Azure does while it is on.
        default: whether it is on unless settings say otherwise.
    """

    name: str
    sentence: str
    default: bool = True


@dataclass(frozen=True)
class RoleDefinition:
    """A built-in role.

    Attributes:
        guid: its name.
        title: ``roleName``.
        source: where its permissions are documented.
        actions: control-plane actions, with wildcards.
        not_actions: what is taken out of *actions*.
        data_actions: data-plane actions.
        not_data_actions: what is taken out of *data_actions*.
        condition: the ABAC condition its assignments carry, as a name the engine knows (``only-these-roles:guid,guid``); empty
            for none. The permissions API does not show it.
    """

    guid: str
    title: str
    source: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    condition: str = ""
