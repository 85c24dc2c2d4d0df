"""The monitor: what each request touched, and what follows for the laws."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from cmk_remediate.simulator.declare import CURRENT
from cmk_remediate.simulator.monitor import settings
from cmk_remediate.simulator.monitor.bystanders import Bystanders
from cmk_remediate.simulator.monitor.machines import Machines
from cmk_remediate.simulator.monitor.needs import Consumers, consumer_of, consumers_of
from cmk_remediate.simulator.monitor.pointing import unprotected
from cmk_remediate.simulator.monitor.values import Violation
from cmk_remediate.simulator.providers.common import VAULT, properties_of

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.embedded import EmbeddedAzure, Exchange
    from cmk_remediate.simulator.world import World

_GRANT = "/providers/microsoft.authorization/roleassignments/"
_VAULTS = "/providers/microsoft.keyvault/vaults/"
_IDENTITIES = "/providers/microsoft.managedidentity/userassignedidentities/"
_OK = 400


class Monitor:
    """Watches one embedded Azure.

    Attributes:
        violations: every broken law seen, in order.
        operators: object ids whose writes are judged: who goes on with another's run is answerable for what that left at work.
        bystanders: who could use what before.
        consumers: what resources on customer-managed keys need, and whether they had it.
        machines: which machines the operator has stopped.
        accepted: (law, id in lower case) pairs that a review named and somebody accepted: not reported.
    """

    def __init__(self, world: World, operator: str, after: Monitor | None = None) -> None:
        """Take the state as it is for what there was before; *operator* is the object id whose writes are judged.

        What *after*, the monitor of another copy of this Azure, knew is known; its violations stay its own.
        """
        self.world = world
        self.operators = {operator.lower()}
        self.violations: list[Violation] = []
        self.accepted: set[tuple[int, str]] = set()
        self._owned = settings.Owned()
        self._excused: dict[str, None] = {}
        self._changed_by_others: dict[str, float] = {}
        self._request = 0
        self.bystanders = Bystanders(world, operator.lower())
        self.consumers = Consumers(world)
        self.machines = Machines()
        self._look(after)

    # -- what there was --------------------------------------------------------------------------------------------------------

    def rebase(self) -> None:
        """Take the state as it is now for what there was before: after a test has changed the world by hand."""
        self._look(None)

    def _look(self, after: Monitor | None) -> None:
        records = self.world.store.tables["resources"]
        self._shadow: dict[str, Json] = {key: record["body"] for key, record in records.items()}
        self.bystanders.follow(self._shadow)
        if after is None:
            self.bystanders.take()
        else:
            self._remember_all(after)
        self.consumers.take()

    def _remember_all(self, other: Monitor) -> None:
        self.operators |= other.operators
        self.accepted = set(other.accepted)
        self._owned.remember(other._owned)
        self._excused = dict(other._excused)
        self._changed_by_others = dict(other._changed_by_others)
        self.bystanders.remember(other.bystanders)
        self.machines.remember(other.machines)

    def accept(self, law: int, resource: str) -> None:
        """Do not report *law* for *resource*: its review named the consequence and it was accepted."""
        self.accepted.add((law, resource.lower()))

    def _report(self, law: int, resource: str, sentence: str) -> None:
        spelled = str(self.world.spelled(resource))
        found = Violation(law, spelled, sentence, self._request)
        if (law, resource.lower()) not in self.accepted and found not in self.violations:
            self.violations.append(found)

    # -- after every request ---------------------------------------------------------------------------------------------------

    def after_request(self, _azure: EmbeddedAzure, exchange: Exchange) -> None:
        """Judge what one request, and the time before it, did: an observer of `EmbeddedAzure`."""
        self._request = exchange.number
        touched = self.world.store.touched
        if not touched:
            return
        changed = [key for table, key in touched if table == "resources"]
        ended = [key for table, key in touched if table == "operations"]
        by_operator = exchange.caller.lower() in self.operators and not exchange.reads and exchange.status < _OK
        if by_operator:
            self._points_at(exchange)
            self._settings_of(exchange)
            self.machines.note(exchange, self._shadow)
        elif not changed and not ended:
            return
        ours = [key for key in ended if self._operation(key)]
        self._note_others(changed, by_operator=by_operator)
        if changed:
            since = min((self.world.store.get("operations", key)["started"] for key in ours), default=self.world.stamp)
            self.machines.look(changed, self._shadow, self.world)
            self._consequences(changed, by_operator=by_operator or bool(ours), since=since)
        for key in changed:
            self._remember(key)

    def _note_others(self, changed: list[str], *, by_operator: bool) -> None:
        """Note which vaults somebody else has changed: they may have cut off what an operation of the operator's is to use."""
        for key in () if by_operator else changed:
            if _VAULTS in key and key in self._shadow:
                self._changed_by_others[_head(key, _VAULTS)] = self.world.stamp

    def _remember(self, key: str) -> None:
        body = self.world.get(key)
        self.bystanders.attach(key, self._shadow.get(key), body)
        if body is None:
            self._shadow.pop(key, None)
        else:
            self._shadow[key] = body

    # -- law 3 -----------------------------------------------------------------------------------------------------------------

    def _points_at(self, exchange: Exchange) -> None:
        path = unquote(urlsplit(exchange.url).path).rstrip("/").lower()
        known = consumer_of(path)
        if exchange.method not in ("PUT", "PATCH") or known is None:
            return
        vault = unprotected(self.world, known[0], path, properties_of(_json(exchange)))
        if vault:
            self._report(3, path, f"is pointed at a key in {vault}, which lacks soft delete or purge protection")

    # -- law 5 -----------------------------------------------------------------------------------------------------------------

    def _settings_of(self, exchange: Exchange) -> None:
        path = unquote(urlsplit(exchange.url).path).rstrip("/").lower()
        if "/accesspolicies/" in path:
            path = path.split("/accesspolicies/", maxsplit=1)[0]
        if exchange.method in ("PUT", "PATCH") and self.world.running(path) is None:
            self._compare(path, self._shadow.get(path), _json(exchange))

    def _operation(self, key: str) -> bool:
        """Judge the settings after an operation of the operator's; say whether it was one and has ended."""
        operation = self.world.store.get("operations", key)
        if (
            operation is None
            or operation["status"] == "running"
            or operation.get("caller", "").lower() not in self.operators
        ):
            return False
        if operation["method"] in ("PUT", "PATCH") and operation["status"] == "Succeeded":
            place = operation["resource"].lower()
            before = self._shadow.get(place) if self._overtaken(operation) else operation["old"]
            self._compare(place, before, operation["sent"])
        return True

    def _overtaken(self, operation: Json) -> bool:
        """Say whether a later operation on the same resource has ended before: what that changed is judged there."""
        return any(
            one["resource"] == operation["resource"]
            and one["started"] > operation["started"]
            and one["status"] == "Succeeded"
            for one in self.world.store.tables["operations"].values()
        )

    def _compare(self, key: str, old: Json | None, sent: Json) -> None:
        new = self.world.get(key)
        for what in self._owned.lost(key, old, new, sent):
            self._report(5, key, f"lost a setting that the request did not name: {what}")

    # -- laws 4, 8, 11 ---------------------------------------------------------------------------------------------------------

    def _consequences(self, changed: list[str], *, by_operator: bool, since: float) -> None:
        users: dict[str, None] = {}
        vaults: dict[str, None] = {}
        for key in changed:
            known = consumers_of(key)
            if known:
                users.update({place: None for _, place in known})
            elif _GRANT in key:
                self._grant(key, users, vaults)
            elif _VAULTS in key:
                vault = _head(key, _VAULTS)
                self._deleted_key(key, by_operator=by_operator)
                if key in self._shadow and (key == vault or self.world.get(key) is None or "/versions/" in key):
                    users.update(self.consumers.in_vault(vault))
                if key == vault:
                    vaults[vault] = None
            elif _IDENTITIES in key:
                self._identity(key, users, by_operator=by_operator)
        for vault in vaults:
            self._vault(vault, by_operator=by_operator)
        for user in users:
            self._consumer(user, by_operator=by_operator, since=since)

    def _grant(self, key: str, users: dict[str, None], vaults: dict[str, None]) -> None:
        old, new = self._shadow.get(key), self.world.get(key)
        who = str(properties_of(new if new is not None else old).get("principalId", "")).lower()
        users.update(self.consumers.with_principal(who))
        scope = key.split(_GRANT, maxsplit=1)[0]
        places = (_head(scope, _VAULTS),) if _VAULTS in scope else tuple(self.bystanders.uses)
        if new is None:
            vaults.update({vault: None for vault in places if self.bystanders.holds_grants(who, vault)})
        elif old is None:
            self.bystanders.gained(key, places)

    def _vault(self, vault: str, *, by_operator: bool) -> None:
        if not by_operator:
            self.bystanders.refresh(vault)
            return
        for who, actions in self.bystanders.lost(vault).items():
            self._report(
                11, vault, f"{self._name(who)} could {', '.join(actions)} before the request and cannot after it"
            )

    def _name(self, who: str) -> str:
        return str(self.world.principals.get(who, {}).get("name") or who)

    def _deleted_key(self, key: str, *, by_operator: bool) -> None:
        """Keys and vaults are never deleted or purged by the operator."""
        gone = key in self._shadow and self.world.get(key) is None and "/accesspolicies/" not in key
        if gone and by_operator and ("/keys/" in key or "/deletedkeys/" in key or key == _head(key, _VAULTS)):
            self._report(4, key, "was deleted; whatever needs it is unknown, so something does")

    def _identity(self, key: str, users: dict[str, None], *, by_operator: bool) -> None:
        if self.world.get(key) is not None or key not in self._shadow:
            return
        for user in self.bystanders.users.get(key, ()):
            users.update({user: None} if consumer_of(user) is not None else {})
            if by_operator:
                self._report(11, user, f"used the identity {key.rsplit('/', 1)[-1]}, which was deleted")
                self._report(4, key, f"was deleted while {user.rsplit('/', 1)[-1]} uses it")

    def _consumer(self, user: str, *, by_operator: bool, since: float) -> None:
        for need, newly in self.consumers.lost(user):
            if not by_operator or (newly and self._cut_off_meanwhile(user, since)):
                self._excused[user] = None
                continue
            if not newly:
                self._report(4, user, f"{need.missing} that {need.why} needs was removed, disabled or cut off")
            said = "has no usable key" if need.why == CURRENT else "cannot be restored to every minute within retention"
            self._report(8, user, f"{said}: it lacks {need.missing}")

    def _cut_off_meanwhile(self, user: str, since: float) -> bool:
        """Say whether somebody else changed a vault of *user*'s after the operator's operation began."""
        known = self.consumers.standing.get(user)
        return known is not None and any(self._changed_by_others.get(vault, -1.0) > since for vault in known.vaults)

    # -- when all is quiet -----------------------------------------------------------------------------------------------------

    def judge_all(self) -> None:
        """Judge the whole state as it truly is, all delays over."""
        world = self.world
        self._request = 0
        for vault, uses in self.bystanders.uses.items():
            for use in uses:
                if not world.may(use.who, use.action, use.scope, data=True) and use.action.startswith(f"{VAULT}/key"):
                    self._report(
                        11, vault, f"{self._name(use.who)} cannot {use.action.removeprefix(VAULT + '/')} any more"
                    )
        for machine in self.machines.still(world):
            self._report(10, machine, "ran before the operator stopped it, and does not run when all is quiet")
        for user in self.consumers.standing:
            if user not in self._excused:
                self._judge_consumer(user)

    def _judge_consumer(self, user: str) -> None:
        known = consumer_of(user)
        if known is None or self.world.get(user) is None:
            return
        consumer, resource = known[0], self.world.spelled(user)
        needs = self.consumers.standing[user].needs.values()
        could = any(one.why == CURRENT and one.available for one in needs)
        if could and not consumer.usable(self.world, resource):
            self._report(8, user, "has no usable key when all is quiet")
        if user in self.consumers.helpless:
            return
        for part, words in consumer.ailing(self.world, resource):
            self._report(8, part.key, f"{words} when all is quiet")


def _json(exchange: Exchange) -> Json:
    data = json.loads(exchange.body) if exchange.body else {}
    return data if isinstance(data, dict) else {}


def _head(key: str, mark: str) -> str:
    before, _, after = key.partition(mark)
    return f"{before}{mark}{after.split('/')[0]}"


def watch(azure: EmbeddedAzure, operator: str = "", *, after: Monitor | None = None) -> Monitor:
    """Attach a monitor to *azure*.

    Args:
        azure: what to watch.
        operator: the object id whose writes are judged; the estate's operator where none is given.
        after: the monitor of the Azure that *azure* is a copy of: what it knows to be the operator's own is known here too.
    """
    monitor = Monitor(azure.world, operator or str(azure.operator["object_id"]), after)
    azure.observers.append(monitor.after_request)
    azure.violations = monitor.violations
    return monitor
