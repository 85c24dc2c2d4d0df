"""Replays a recording into the embedded Azure, in order: a minute an interaction, operations as long as recorded."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cmk_remediate import simulator
from cmk_remediate.simulator.embedded import EmbeddedAzure, registry_of
from cmk_remediate.simulator.settings import Settings
from cmk_remediate.simulator.tokens import Claims, minted
from cmk_remediate.simulator.wire import Incoming, Outgoing
from tests.conformance.recordings import seeding
from tests.conformance.recordings.comparing import differences
from tests.conformance.recordings.ids import Ids
from tests.conformance.recordings.naming import operation
from tests.conformance.recordings.recorded import ARM, Interaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


MINUTE = 60.0
OFF: dict[str, tuple[str, ...]] = {
    "azure-cli__sql__test_sql_tdebyok": ("sql-checks-protection",),
    "azure-cli__keyvault_hybrid__test_keyvault_mgmt": ("vault-needs-soft-delete",),
}
"""Switches that are off for a recording: in February 2023 SQL took a key from a vault without purge protection; in 2020 a vault
could be made without soft delete."""
_NOT_MODELLED = ("InvalidResourceType", "InvalidResourceNamespace", "InvalidRequestUri", "MethodNotAllowed")


@dataclass(frozen=True)
class Seen:
    """One interaction, replayed.

    Attributes:
        operation: what was asked: method and type.
        differences: what is other than recorded, in words; None where the embedded Azure has no such operation.
    """

    recording: str
    number: int
    operation: str
    differences: tuple[str, ...] | None


@dataclass
class Replay:
    """One recording on its way through an embedded Azure."""

    name: str
    recording: Sequence[Interaction]
    off: Sequence[str] = ()
    ids: Ids = field(default_factory=Ids)
    started: dict[str, str] = field(default_factory=dict)
    unmodelled: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Open an Azure that holds what the recording found."""
        kinds = registry_of().types
        content = seeding.estate(self.recording, kinds)
        switches = dict.fromkeys(self.off, False)
        settings = Settings.immediate(latency=0.0, status_kept=0.0, switches=switches)
        self.azure: EmbeddedAzure = simulator.azure(estate=content, settings=settings)
        self.begun = self.azure.clock.stamp()

    def run(self) -> list[Seen]:
        """Return what became of every interaction."""
        return [self._one(one) for one in self.recording]

    def _one(self, one: Interaction) -> Seen:
        name = operation(one, self.started)
        self._pass_time(one)
        url, sent = self.ids.sending(one)
        given = (
            self.azure.answer(Incoming(one.method, self._versioned(url), self._headers(one), _content(sent)))
            if (self.azure.hosts(one.host))
            else Outgoing(0)
        )
        for path in one.status_paths:
            self.started.setdefault(path, name.removeprefix("poll of "))
        if self._no_such_operation(name, one, given):
            self.unmodelled.add(name)
            return Seen(self.name, one.number, name, None)
        self.ids.learn(one, given.body, {key.lower(): value for key, value in given.headers.items()})
        return Seen(self.name, one.number, name, tuple(differences(one, given.status, given.headers, given.body)))

    def _no_such_operation(self, name: str, one: Interaction, given: Outgoing) -> bool:
        if name.startswith("poll of "):
            return name.removeprefix("poll of ") in self.unmodelled
        if one.host.endswith(".vault.azure.net"):
            return one.path.split("/")[1].lower() not in ("keys", "deletedkeys")
        body = given.body if isinstance(given.body, dict) else {}
        return given.status == 0 or (body.get("error") or {}).get("code") in _NOT_MODELLED

    # -- how it is asked -----------------------------------------------------------------------------------------------------

    def _headers(self, one: Interaction) -> dict[str, str]:
        if one.status == 401:
            return {}
        audience = self.azure.world.cloud.arm_audiences[0] if one.host == ARM else "https://vault.azure.net"
        operator = self.azure.operator
        token = minted(Claims(operator["object_id"], operator["tenant"], audience, 0.0))
        return {"authorization": f"Bearer {token}"}

    def _versioned(self, url: str) -> str:
        """Return *url* with an api-version that is known here: the newest of the type, where the recorded one is not."""
        incoming = Incoming("GET", url)
        if incoming.host != ARM:
            return url
        asked = incoming.query.get("api-version", "")
        parts = incoming.path.strip("/").split("/")
        lower = [part.lower() for part in parts]
        tail = parts[len(lower) - lower[::-1].index("providers") :] if "providers" in lower else []
        kinds = ["/".join([tail[0], *tail[1::2]]), "/".join([tail[0], *tail[1:-1:2]])] if len(tail) > 1 else []
        for kind in kinds:
            declared = self.azure.world.registry.types.get(kind.lower())
            if declared is not None and asked not in declared.api_versions:
                return url.replace(f"api-version={asked}", f"api-version={declared.api_versions[0]}")
        return url

    # -- time ----------------------------------------------------------------------------------------------------------------

    def _pass_time(self, one: Interaction) -> None:
        due = self.begun + one.number * MINUTE
        if due > self.azure.clock.stamp():
            self.azure.advance(due - self.azure.clock.stamp())
        self.azure.with_settings(operation_seconds=self._lasts(one), **self._directory())

    def _lasts(self, one: Interaction) -> float:
        """Return how long the operation that *one* starts went on."""
        polls = [
            later for later in self.recording if later.number > one.number and later.path.lower() in one.status_paths
        ]
        ends = next((poll.number for poll in polls if poll.ended), one.number + 1)
        return (ends - one.number - 0.5) * MINUTE

    def _directory(self) -> dict[str, object]:
        """Return how late a new principal was known."""
        refused = [one.number for one in self.recording if _code(one) == "PrincipalNotFound"]
        made = [one.number for one in self.recording if "/userassignedidentities/" in one.path.lower()]
        late = (max(refused) + 0.5 - min(made)) * MINUTE if refused and made else 0.0
        return {"late_directory": late > 0, "directory_delay": (late, late)}


def _code(one: Interaction) -> str:
    error = one.body.get("error") if isinstance(one.body, dict) else None
    return str(error.get("code")) if isinstance(error, dict) else ""


def _content(sent: object) -> bytes:
    return b"" if sent is None else json.dumps(sent).encode()


def replayed(recordings: Mapping[str, Sequence[Interaction]], off: Mapping[str, Sequence[str]] = OFF) -> list[Seen]:
    """Return what became of every interaction of every recording; *off*: the switches that are off, by recording."""
    return [seen for name, recording in recordings.items() for seen in Replay(name, recording, off.get(name, ())).run()]


def by_operation(seen: Iterable[Seen]) -> dict[str, Counter[str]]:
    """Return, by operation, how many interactions ``agree``, ``differ`` or are ``not modelled``."""
    found: dict[str, Counter[str]] = {}
    for one in seen:
        word = "not modelled" if one.differences is None else "differ" if one.differences else "agree"
        found.setdefault(one.operation, Counter())[word] += 1
    return found
