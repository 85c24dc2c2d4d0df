"""The monitor: what each request touched, and what follows for the laws."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from cmk_remediate.model.ids import ResourceId
from cmk_remediate.simulator.monitor import declared, needs, settings
from cmk_remediate.simulator.monitor.values import Violation
from cmk_remediate.simulator.providers.common import VAULT, parse_key_uri, properties_of, vault_named
from cmk_remediate.simulator.providers.keyvault.vaults import is_protected
from cmk_remediate.simulator.providers.sql.keyuse import usable
from cmk_remediate.simulator.providers.sql.names import SERVER, on_customer_key

if TYPE_CHECKING:
    from cmk_remediate.simulator.declare import Json
    from cmk_remediate.simulator.embedded import EmbeddedAzure, Exchange
    from cmk_remediate.simulator.monitor.declared import Use
    from cmk_remediate.simulator.monitor.needs import Standing
    from cmk_remediate.simulator.world import World

_GRANT = "/providers/microsoft.authorization/roleassignments/"
_VAULTS = "/providers/microsoft.keyvault/vaults/"
_SERVERS = "/providers/microsoft.sql/servers/"
_IDENTITIES = "/providers/microsoft.managedidentity/userassignedidentities/"
_OK = 400


class Monitor:
    """Watches one embedded Azure.

    Attributes:
        violations: every broken law seen, in order.
        accepted: (law, id in lower case) pairs that a review named and somebody accepted: not reported.
    """

    def __init__(self, world: World, operator: str) -> None:
        """Take the state as it is for what there was before; *operator* is the object id whose writes are judged."""
        self.world = world
        self.operator = operator.lower()
        self.violations: list[Violation] = []
        self.accepted: set[tuple[int, str]] = set()
        self._mine: dict[str, set[tuple[str, str]]] = {}
        self._excused: dict[str, None] = {}
        self._request = 0
        self.rebase()

    # -- what there was --------------------------------------------------------------------------------------------------------

    def rebase(self) -> None:
        """Take the state as it is now for what there was before: after a test has changed the world by hand."""
        world = self.world
        self._shadow: dict[str, Json] = {key: record["body"] for key, record in world.store.tables["resources"].items()}
        self._users: dict[str, dict[str, None]] = {}
        for key, body in self._shadow.items():
            for identity in declared.attached(body):
                self._users.setdefault(identity, {})[key] = None
        self._uses: dict[str, dict[Use, None]] = {}
        for key in world.index.of_type(VAULT.lower()):
            self._uses[key] = dict.fromkeys(declared.uses(world, key, self._users))
        self._ours: dict[Use, None] = getattr(self, "_ours", {})
        self._standing: dict[str, Standing] = {}
        self._by_principal: dict[str, dict[str, None]] = {}
        self._by_vault: dict[str, dict[str, None]] = {}
        for key in world.index.of_type(SERVER.lower()):
            self._keep(key, needs.standing(world, ResourceId(key)))

    def _keep(self, server: str, found: Standing) -> None:
        self._standing[server] = found
        self._by_principal.setdefault(found.principal, {})[server] = None
        for vault in found.vaults:
            self._by_vault.setdefault(vault, {})[server] = None

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
        by_operator = exchange.caller.lower() == self.operator and not exchange.reads and exchange.status < _OK
        if by_operator:
            self._points_at(exchange)
            self._settings_of(exchange)
        elif not changed and not ended:
            return
        for key in ended:
            by_operator = self._operation(key) or by_operator
        if changed:
            self._consequences(changed, by_operator=by_operator)
        for key in changed:
            self._remember(key)

    def _remember(self, key: str) -> None:
        body = self.world.get(key)
        before, after = declared.attached(self._shadow.get(key)), declared.attached(body)
        if before or after:
            for identity in before:
                self._users.get(identity, {}).pop(key, None)
            for identity in after:
                self._users.setdefault(identity, {})[key] = None
        if body is None:
            self._shadow.pop(key, None)
        else:
            self._shadow[key] = body

    # -- law 3 -----------------------------------------------------------------------------------------------------------------

    def _points_at(self, exchange: Exchange) -> None:
        path = unquote(urlsplit(exchange.url).path).rstrip("/").lower()
        if exchange.method not in ("PUT", "PATCH") or _SERVERS not in path:
            return
        sent = properties_of(_json(exchange))
        text = str(sent.get("keyId") or sent.get("uri") or "")
        if "/encryptionprotector/" in path and sent.get("serverKeyType") == "AzureKeyVault":
            server = path.split("/encryptionprotector/", maxsplit=1)[0]
            kept = self.world.get(f"{server}/keys/{str(sent.get('serverKeyName') or '').lower()}")
            text = str(properties_of(kept).get("uri") or "")
        uri = parse_key_uri(text)
        vault = vault_named(self.world, uri.vault) if uri else None
        if vault is not None and not is_protected(self.world.get(vault)):
            self._report(3, path, f"is pointed at a key in {vault.name}, which lacks soft delete or purge protection")

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
            or operation.get("caller", "").lower() != self.operator
        ):
            return False
        if operation["method"] in ("PUT", "PATCH") and operation["status"] == "Succeeded":
            self._compare(operation["resource"].lower(), operation["old"], operation["sent"])
        return True

    def _compare(self, key: str, old: Json | None, sent: Json) -> None:
        new = self.world.get(key)
        mine = self._mine.setdefault(key, set())
        if old is not None and new is not None:
            for what in settings.lost(old, new, sent, mine):
                self._report(5, key, f"lost a setting that the request did not name: {what}")
        before = set(settings.written(old or {}))
        mine.update(one for one in settings.written(sent) if one not in before)

    # -- laws 4, 8, 11 ---------------------------------------------------------------------------------------------------------

    def _consequences(self, changed: list[str], *, by_operator: bool) -> None:
        servers: dict[str, None] = {}
        vaults: dict[str, None] = {}
        for key in changed:
            if _SERVERS in key:
                servers[_head(key, _SERVERS)] = None
            elif _GRANT in key:
                self._grant(key, servers, vaults)
            elif _VAULTS in key:
                vault = _head(key, _VAULTS)
                self._deleted_key(key, by_operator=by_operator)
                if key in self._shadow and (key == vault or self.world.get(key) is None or "/versions/" in key):
                    servers.update(self._by_vault.get(vault, {}))
                if key == vault:
                    vaults[vault] = None
            elif _IDENTITIES in key:
                self._identity(key, servers, by_operator=by_operator)
        for vault in vaults:
            self._bystanders(vault, by_operator=by_operator)
        for server in servers:
            self._server(server, by_operator=by_operator)

    def _grant(self, key: str, servers: dict[str, None], vaults: dict[str, None]) -> None:
        old, new = self._shadow.get(key), self.world.get(key)
        who = str(properties_of(new if new is not None else old).get("principalId", "")).lower()
        servers.update(self._by_principal.get(who, {}))
        scope = key.split(_GRANT, maxsplit=1)[0]
        for vault in self._uses if _VAULTS not in scope else (_head(scope, _VAULTS),):
            if new is None and any(use.who == who for use in self._uses.get(vault, ())):
                vaults[vault] = None
            elif new is not None and old is None and vault in self._uses:
                self._gained(key, vault)

    def _gained(self, grant: str, vault: str) -> None:
        """Count in what a new grant gives: to nobody's account if it is the operator's own."""
        record = self.world.record(grant)
        own = record is not None and str(record["by"][0]).lower() == self.operator
        for use in declared.granted(self.world, grant, vault, self._users):
            if use not in self._uses[vault]:
                (self._ours if own else self._uses[vault])[use] = None

    def _bystanders(self, vault: str, *, by_operator: bool) -> None:
        before = self._uses.get(vault, {})
        if by_operator:
            gone = [use for use in before if not declared.holds(self.world, use, self._users)]
            for who in dict.fromkeys(use.who for use in gone):
                names = ", ".join(use.action.removeprefix(VAULT + "/") for use in gone if use.who == who)
                self._report(11, vault, f"{self._name(who)} could {names} before the request and cannot after it")
            left = {use: None for use in before if use not in set(gone)}
            self._ours.update({use: None for use in declared.uses(self.world, vault, self._users) if use not in before})
            self._uses[vault] = left
        else:
            self._uses[vault] = {
                use: None for use in declared.uses(self.world, vault, self._users) if use not in self._ours
            }

    def _name(self, who: str) -> str:
        return str(self.world.principals.get(who, {}).get("name") or who)

    def _deleted_key(self, key: str, *, by_operator: bool) -> None:
        """Keys and vaults are never deleted or purged by the operator."""
        gone = key in self._shadow and self.world.get(key) is None and "/accesspolicies/" not in key
        if gone and by_operator and ("/keys/" in key or "/deletedkeys/" in key or key == _head(key, _VAULTS)):
            self._report(4, key, "was deleted; whatever needs it is unknown, so something does")

    def _identity(self, key: str, servers: dict[str, None], *, by_operator: bool) -> None:
        if self.world.get(key) is not None or key not in self._shadow:
            return
        for user in self._users.get(key, ()):
            servers.update({user: None} if _SERVERS in user else {})
            if by_operator:
                self._report(11, user, f"used the identity {key.rsplit('/', 1)[-1]}, which was deleted")
                self._report(4, key, f"was deleted while {user.rsplit('/', 1)[-1]} uses it")

    def _server(self, server: str, *, by_operator: bool) -> None:
        before = self._standing.get(server)
        if self.world.get(server) is None:
            self._standing.pop(server, None)
            return
        after = needs.standing(self.world, ResourceId(server))
        self._keep(server, after)
        for thumb, need in after.needs.items():
            had = before.needs.get(thumb) if before else None
            newly = had is None and need.why == needs.CURRENT
            if need.available or not (newly or (had is not None and had.available)):
                continue
            if not by_operator:
                self._excused[server] = None
                continue
            if not newly:
                self._report(4, server, f"{need.missing} that {need.why} needs was removed, disabled or cut off")
            said = (
                "has no usable key"
                if need.why == needs.CURRENT
                else "cannot be restored to every minute within retention"
            )
            self._report(8, server, f"{said}: it lacks {need.missing}")

    # -- when all is quiet -----------------------------------------------------------------------------------------------------

    def judge_all(self) -> None:
        """Judge the whole state as it truly is, all delays over."""
        world = self.world
        self._request = 0
        for vault, uses in self._uses.items():
            for use in uses:
                if not world.may(use.who, use.action, use.scope, data=True) and use.action.startswith(f"{VAULT}/key"):
                    self._report(
                        11, vault, f"{self._name(use.who)} cannot {use.action.removeprefix(VAULT + '/')} any more"
                    )
        for server in self._standing:
            if server in self._excused:
                continue
            self._judge_server(ResourceId(server))

    def _judge_server(self, server: ResourceId) -> None:
        world = self.world
        used = on_customer_key(world, server)
        had = self._standing[server.key].needs
        could = any(one.why == needs.CURRENT and one.available for one in had.values())
        if used is not None and could and not usable(world, world.spelled(server), str(used.get("uri") or "")):
            self._report(8, server.key, "has no usable key when all is quiet")
        for database, body in world.children(server, "databases"):
            if properties_of(body).get("status") == "Inaccessible":
                self._report(8, database.key, "is inaccessible when all is quiet")


def _json(exchange: Exchange) -> Json:
    data = json.loads(exchange.body) if exchange.body else {}
    return data if isinstance(data, dict) else {}


def _head(key: str, mark: str) -> str:
    before, _, after = key.partition(mark)
    return f"{before}{mark}{after.split('/')[0]}"


def watch(azure: EmbeddedAzure, operator: str = "") -> Monitor:
    """Attach a monitor to *azure*; *operator* is the object id whose writes are judged, the estate's where none is given."""
    monitor = Monitor(azure.world, operator or str(azure.operator["object_id"]))
    azure.observers.append(monitor.after_request)
    azure.violations = monitor.violations
    return monitor
