"""An assessment made by hand, with everything a renderer has to show; and one of any size."""

from __future__ import annotations

from typing import Any

from cmk_remediate.assessment.comparing import compared, remediated
from cmk_remediate.assessment.figures import figures
from cmk_remediate.model.findings import (
    Assessment,
    Cost,
    Evidence,
    Exemption,
    FailedAccesses,
    Finding,
    KeyInUse,
    NotCovered,
    NotRead,
    PolicyView,
)
from cmk_remediate.model.review import Note, ReviewedBlock
from tests.assessment.made import GROUP, NOW, TODAY, account, assessment, finding, key

IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-cmk-orders"
SERVER = f"{GROUP}/providers/Microsoft.Sql/servers"
COSMOS_ORDERS = f"{GROUP}/providers/Microsoft.DocumentDB/databaseAccounts/cosmos-orders"
LONG_AGO, BEFORE = "2029-10-01T08:00:00Z", "2029-12-01T08:00:00Z"
LOCKED = ReviewedBlock(
    code="CMK206",
    why="the ReadOnly lock frozen-for-audit on stlocked forbids the write",
    next="Remove the lock for the change window, or take the target out of the plan.",
)
ONLINE = Cost(downtime="none", one_way="", text="moved online, and back")
COSMOS = Cost(
    downtime="none",
    one_way="Azure has no request that takes the key away again",
    text="moved online, its data encrypted anew in the background",
)
DISKS = Cost(downtime="deallocation", one_way="", text="deallocated, its disks changed, and started again")
EXEMPT = Exemption(
    resource=account("stold"),
    owner="platform-team",
    reason="replaced by stnew",
    expires="2030-03-31",
    state="in force",
)
EXEMPTIONS = (
    EXEMPT,
    EXEMPT.model_copy(update={"resource": account("stlocked"), "expires": "2029-12-31", "state": "expired"}),
    EXEMPT.model_copy(update={"resource": account("stgone"), "state": "unused"}),
)
FAILED = (
    FailedAccesses(vault="kv", number=3, why=""),
    FailedAccesses(vault="kv-unlogged", number=None, why="its diagnostic logs are not kept"),
)


def proof(resource: str, path: str, value: Any) -> Evidence:
    return Evidence(resource=resource, path=path, value=value)


def policy(resource: str, state: str) -> PolicyView:
    return PolicyView(
        definition="6fac406b-40ca-413b-bf8e-0bf964659c25", name="storage accounts", state=state, resource=resource
    )


def keys() -> tuple[KeyInUse, ...]:
    """Return a key on schedule, one overdue, one that nobody rotates and that expires, one pinned and disabled, one not shown."""
    return (
        key(
            "cmk-scheduled",
            latest="3c9a5e7d1b2f4a608c4e6d8b0f2a1c41",
            rotation="P90D",
            rotation_due="2030-02-01T08:00:00Z",
            rotated=BEFORE,
            age_days=37,
        ),
        key("cmk-overdue", rotation="P90D", rotation_due="2029-12-20T08:00:00Z", rotated=LONG_AGO, age_days=98),
        key("cmk-expiring", expires="2030-01-31T08:00:00Z", rotated="2028-06-01T08:00:00Z", age_days=585),
        key("cmk-pinned", version="7a1c9e5d3b2f4a608c4e6d8b0f2a1c3e", enabled=False, age_days=200),
        key(
            "cmk-hidden",
            why="Azure did not show it: 403 Forbidden",
            age_days=None,
            rotated="",
            created="",
            enabled=None,
        ),
    )


def findings() -> tuple[Finding, ...]:
    """Return at least one finding of each verdict."""
    scheduled, overdue, expiring, pinned, hidden = keys()
    orders, wrong = account("storders"), account("stwrong")
    return (
        finding(
            "storders",
            owner="team-orders",
            tags={"owner": "team-orders"},
            evidence=(proof(orders, "properties.encryption.keySource", "Microsoft.Storage"),),
            cost=ONLINE,
            policy=(policy(orders, "NonCompliant"),),
        ),
        finding(
            "stwrong",
            owner="team-orders",
            state="customer (wrong)",
            evidence=(
                proof(wrong, "properties.encryption.keySource", "Microsoft.Keyvault"),
                proof(wrong, "properties.encryption.identity.userAssignedIdentity", IDENTITY),
                proof(f"{wrong}/encryptionScopes/originals", "properties.source", None),
            ),
            cost=ONLINE,
            keys=(pinned, expiring),
            policy=(policy(wrong, "Compliant"),),
            notes=(Note(code="CMK815", scope=wrong, text="queue and table of stwrong stay on Azure's own key"),),
        ),
        finding("stlocked", obstacle=LOCKED, cost=ONLINE),
        finding("stold", exemption=EXEMPT, cost=ONLINE),
        finding(
            "cosmos-orders",
            id=COSMOS_ORDERS,
            members=(COSMOS_ORDERS,),
            service="cosmosdb",
            cost=COSMOS,
        ),
        finding("stbusy", "in progress", service="redis-enterprise", cost=DISKS),
        finding("stdark", "unknown", keys=(hidden,)),
        finding(
            "sql-pair",
            "compliant",
            id=f"{SERVER}/sql-pair-weu",
            service="sql",
            members=(f"{SERVER}/sql-pair-weu", f"{SERVER}/sql-pair-neu"),
            owner="team-ledger",
            evidence=(
                proof(f"{SERVER}/sql-pair-neu/encryptionProtector/current", "properties.autoRotationEnabled", "on"),
            ),
            keys=(scheduled,),
        ),
        finding("stfixed", "compliant", keys=(overdue,), policy=(policy(account("stfixed"), "NonCompliant"),)),
        finding("stsynapse", "not ours"),
    )


def whole(**more: Any) -> Assessment:
    """Return an assessment with everything in it, compared with an earlier one."""
    seen = [one.model_copy(update={"first_seen": LONG_AGO if one.verdict != "compliant" else ""}) for one in findings()]
    changed = {"stfixed": "not compliant", "stwrong": "compliant", "stgone": "not compliant"}
    same = [one for one in findings() if one.exemption is None and one.id.rpartition("/")[2] not in changed]
    earlier = assessment(*same, *(finding(name, verdict) for name, verdict in changed.items()), at=BEFORE)
    seen = [one.model_copy(update={"first_seen": LONG_AGO}) if one.id == account("stfixed") else one for one in seen]
    runs = {account("stfixed"): ("5f" * 32, "2029-12-20T08:00:00Z")}
    scopes = assessment().scopes
    values: dict[str, Any] = {
        "not_read": (
            NotRead(what="/subscriptions/88888888-8888-4888-8888-888888888802", why="AuthorizationFailed: no access"),
        ),
        "unsure": (NotRead(what="/subscriptions/perhaps", why="Azure did not say what the caller may read"),),
        "filters": ("tag data-classification=confidential",),
        "exemptions": EXEMPTIONS,
        "not_covered": (
            NotCovered(resource=account("stother"), check="storage_secure_transfer", why="it is not about a key"),
            NotCovered(resource="", check="storage_secure_transfer", why="it is not about a key"),
        ),
        "figures": figures(seen, remediated(seen, earlier, runs, TODAY), FAILED, NOW),
        "compared": compared(seen, scopes, (), earlier),
    }
    return assessment(*seen, **{**values, **more})


def many(number: int) -> Assessment:
    """Return an assessment of *number* findings in 50 subscriptions, most of them with a key, an owner and notes."""
    found = []
    for index in range(number):
        one = findings()[index % 10]
        home = f"/subscriptions/88888888-8888-4888-8888-{index % 50:012}"

        def moved(text: str, home: str = home, index: int = index) -> str:
            return text.replace("/subscriptions/88888888-8888-4888-8888-888888888801", home) + f"-{index:05}"

        owner = f"team-{index % 70}"
        found.append(
            one.model_copy(
                update={"id": moved(one.id), "members": tuple(moved(member) for member in one.members), "owner": owner}
            )
        )
    return with_figures(*found)


def with_figures(*found: Finding) -> Assessment:
    """Return an assessment that found *found*, with the figures of it."""
    return assessment(*found, figures=figures(found, (), (), NOW))
