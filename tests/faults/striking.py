"""Carries a mix of mishaps out, each at its moment of a run that may have several processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cmk_remediate.simulator import operations
from cmk_remediate.simulator.declare import Schedule
from cmk_remediate.simulator.faults import Fault, Faults
from tests.faults.mishaps import KILLS, OPERATIONS, OWNER, SAYS_NOTHING, Mishap
from tests.faults.owner import Owner, Places

if TYPE_CHECKING:
    from cmk_remediate.simulator.embedded import EmbeddedAzure

NO_ACCESS = {
    "microsoft.compute": (
        "KeyVaultAccessForbidden",
        "Unable to access key vault resource to enable encryption at rest.",
    ),
    "microsoft.documentdb": ("ServiceUnavailable", "Error contacting the Azure Key Vault resource. Please try again."),
}
"""How a service says that it may not use the key; all others say it as SQL does."""

ENDLESS = 20
"""A process that sends so many times the requests of the undisturbed apply never ends: what may take longest, a grant that is
waited for, sends a few for each target of the plan."""


class Unsent(NamedTuple):
    """A request that did not arrive.

    Attributes:
        at: seconds since 1970, on Azure's clock.
    """

    at: float
    method: str
    url: str
    struck: str


class Mishaps(Faults):
    """The mishaps still to come.

    Attributes:
        struck: the names of those that did strike.
        notes: what struck, by life and place in the log of that life's Azure.
        unsent: the requests that never reached Azure, by the place at which they would have stood.
        life: the processes so far, less one.
    """

    def __init__(self, azure: EmbeddedAzure, mishaps: tuple[Mishap, ...], places: Places, calm: int) -> None:
        """Plan *mishaps* on *azure*; *calm*: the requests of the undisturbed apply."""
        super().__init__()
        self.planned.append(Fault("slow", number=-1))  # or nobody asks
        self.owner = Owner(azure, places)
        self.struck: set[str] = set()
        self.notes: dict[tuple[int, int], str] = {}
        self.unsent: dict[tuple[int, int], list[Unsent]] = {}
        self.life = 0
        self._left = {mishap: mishap.lasts for mishap in mishaps}
        self._seen = self._of_process = 0
        self._most = ENDLESS * calm
        self._put: set[str] = set()
        self._endless: set[str] = set()
        self._spoiled: set[str] = set()

    @property
    def azure(self) -> EmbeddedAzure:
        """The Azure of the present process."""
        return self.owner.azure

    def moved_to(self, azure: EmbeddedAzure) -> None:
        """Go on with *azure*, a copy of the one before, in a new process."""
        self.owner.azure, self.dead = azure, False
        self.life += 1
        azure.faults = self

    def process_begins(self) -> None:
        """Count the requests of a process of its own."""
        self._of_process = 0

    def heal(self) -> None:
        """End it all: what the owner did is taken back, operations that never ended do, none that still runs will fail."""
        self._left.clear()
        store = self.azure.world.store
        for key in self._spoiled:
            one = store.tables["operations"].get(key)
            if one is not None and one["status"] == "running":
                store.put("operations", key, {**one, "error": None, "errorStatus": 0})
        self.owner.heal()

    def strike(self, number: int, method: str, url: str) -> Fault | None:
        """Let happen what is due, and return what strikes this request."""
        self._seen += 1
        self._of_process += 1
        if self._of_process > self._most:
            raise AssertionError(f"still asking after {self._most} requests: {method} {url}")
        if method == "PUT":
            self._put.add(_bare(url))
        for mishap in [one for one in self._left if one.at <= self._seen]:
            fault = self._due(mishap, method, url)
            if fault is not None:
                return fault
        return None

    def _due(self, mishap: Mishap, method: str, url: str) -> Fault | None:
        fault = None
        if mishap.name in OPERATIONS:
            if not self._operation(mishap.name):
                return None
        elif mishap.name in OWNER:
            self.owner.does(mishap.name)
        else:
            fault = mishap.fault()
            fresh = mishap.name != "404 after create" or (method == "GET" and _bare(url) in self._put)
            if not fresh or (mishap.name not in KILLS and not fault.hits(0, method, url)):
                return None
        self._note(mishap, fault, method, url)
        self._left[mishap] -= 1
        if not self._left[mishap]:
            del self._left[mishap]
        return fault

    def _note(self, mishap: Mishap, fault: Fault | None, method: str, url: str) -> None:
        self.struck.add(mishap.name)
        place = self.life, len(self.azure.requests)
        if fault is not None and fault.kind.endswith("-before"):
            self.unsent.setdefault(place, []).append(Unsent(self.azure.clock.stamp(), method, url, str(mishap)))
        elif mishap.name in OWNER:
            self.notes[self.life, place[1] - 1] = str(mishap)
        else:
            said = self.notes.get(place)
            self.notes[place] = f"{said}; {mishap}" if said else str(mishap)

    def _operation(self, name: str) -> bool:
        """Spoil the youngest operation that runs; say whether there was one."""
        store = self.azure.world.store
        running = [
            (key, one)
            for key, one in store.tables["operations"].items()
            if one["status"] == "running" and key not in self._endless
        ]
        if not running:
            return False
        key, one = running[-1]
        if name == "operation never ends":
            if one["error"] is not None:
                return False  # it would take back after hours, at its end, what we have long come to stand on
            self._endless.add(key)
            for timer, data in list(store.tables["timers"].items()):
                if data["data"].get("operation") == key:
                    store.drop("timers", timer)
            end = Schedule(1.0, operations.END, {"operation": key})
            self.owner.heals.append(lambda: self.azure.world.schedule(end))
            return True
        code = {"operation is canceled": "OperationCancelled"}.get(name, "InternalServerError")
        error = {"code": code, "message": f"The operation ended with {code}."}
        if name == "operation fails for access":
            error = _no_access(one["resource"])
        says = {"why": "nothing"} if name == SAYS_NOTHING else {}
        self._spoiled.add(key)
        store.put("operations", key, {**one, **says, "error": {} if says else error, "errorStatus": 400})
        return True


def _no_access(resource: str) -> dict[str, str]:
    """Return the error with which the service of *resource* says that it may not use the key."""
    namespace = resource.rsplit("/providers/", 1)[1].split("/", maxsplit=1)[0].lower()
    code, text = NO_ACCESS.get(namespace, ("AzureKeyVaultMissingPermissions", "It lacks permissions on the vault."))
    return {"code": code, "message": text}


def _bare(url: str) -> str:
    return url.split("?", maxsplit=1)[0].lower()
