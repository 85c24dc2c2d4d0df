"""The canary: a few targets first; the rest starts once they were right, and still right after the soak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from cmk_remediate.clock import format_utc, span
from cmk_remediate.engine.schedule import pause
from cmk_remediate.engine.shapes import making_sense_of
from cmk_remediate.errors import AzureError, NoTokenError, StoppedError
from cmk_remediate.model.decisions import Done, Pending
from cmk_remediate.model.records import Gate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from cmk_remediate.engine.context import RunContext
    from cmk_remediate.engine.journal_state import Passed
    from cmk_remediate.engine.settlement import Settlement
    from cmk_remediate.model.graph import Graph

SOAKING: Final = "canary-soak-began"
VERIFIED: Final = "canary-verified"


class Canary:
    """Watches the canary's steps end, lets them soak, looks again, then opens the gate for the rest."""

    def __init__(self, graph: Graph, targets: Collection[str], soak: int, began: Passed | None) -> None:
        """Watch *targets*; *soak* in seconds; *began*: the soak that an earlier process began."""
        self.targets = frozenset(targets)
        self._soak = soak
        self._began = began
        self._graph = graph
        self._waits_for = self._own_steps()

    def _own_steps(self) -> frozenset[str]:
        """Steps of the canary that wait for nobody else: one that comes last of all targets is not among them."""
        own: set[str] = set()
        for node in self._graph.nodes:
            if self.targets & set(node.targets) and all(earlier in own for earlier in node.before_it):
                own.add(node.id)
        return frozenset(own)

    @property
    def watches(self) -> bool:
        """Whether there is a step whose end will open the gate for the rest."""
        return bool(self._waits_for)

    def _brackets(self) -> frozenset[str]:
        """Steps that opened a bracket: closing it took back what they did."""
        return frozenset(self._graph.closing)

    async def step_ended(self, context: RunContext, ended: Mapping[str, Settlement]) -> None:
        """Go on to soak and verify when the last of the canary's steps has ended."""
        if not self._waits_for or not all(key in ended for key in self._waits_for):
            return
        waited, self._waits_for = self._waits_for, frozenset()
        bad = next((ended[key] for key in sorted(waited) if not ended[key].succeeded), None)
        if bad is not None:
            context.gates.canary_ended(f"a canary step ended {bad.end}: {bad.text}")
            return
        context.gates.canary_ended(await self._soaked(context, waited))

    async def _soaked(self, context: RunContext, steps: frozenset[str]) -> str:
        now = context.clock.now()
        began = self._inherited(context, steps)
        if began is None:
            began = now
            await context.journal.append(self._passed(SOAKING, now))
        left = self._soak - (now - began).total_seconds()
        context.say("waiting", None, f"the canary soaks for {span(self._soak)}")
        if left > 0 and not await pause(context.clock, left, context.stop):
            return "stopped during the canary's soak"
        for key in sorted(steps - self._brackets()):
            try:
                with making_sense_of(self._graph.by_id[key].step.address()):
                    step, found = await context.look(self._graph.by_id[key], again=True)
                    decision = step.decide(found)
            except StoppedError:
                return "stopped during the canary's soak"
            except (AzureError, NoTokenError) as error:
                return f"after its soak the canary could not be looked at: {error.cause}"
            if not isinstance(decision, (Done, Pending)):
                return f"after its soak the canary is not right any more: {decision.__class__.__name__.lower()} {step.kind}"
        await context.journal.append(self._passed(VERIFIED, context.clock.now()))
        return ""

    def _inherited(self, context: RunContext, steps: frozenset[str]) -> datetime | None:
        """Return when the soak began that an earlier process left; None where it was another canary's.

        Or this one's before it was written to again: what has been put right only now has not soaked.
        """
        soak = self._began
        if soak is None or soak.targets != self.targets:
            return None
        state = context.journal.state
        return None if any(state.step(key).sent_at > soak.number for key in steps) else soak.at

    def _passed(self, gate: Literal["canary-soak-began", "canary-verified"], at: datetime) -> Gate:
        return Gate(at=format_utc(at), gate=gate, targets=tuple(sorted(self.targets)))
