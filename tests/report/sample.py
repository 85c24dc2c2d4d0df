"""Reviews and results made by hand, with everything a renderer has to show."""

from __future__ import annotations

from typing import Any

from cmk_remediate.model.evidence import CheckedPart, EvidenceCheck, TargetLeft
from cmk_remediate.model.result import RunResult, RunSummary, TargetCheck, TargetResult, Verification
from cmk_remediate.model.review import (
    Action,
    Made,
    Note,
    PlanSource,
    Review,
    ReviewedBlock,
    ReviewedEstimate,
    ReviewedLine,
    ReviewedPermission,
    ReviewedRequest,
    ReviewedReversibility,
    ReviewedStep,
    ReviewedTarget,
)

TENANT = "11111111-1111-1111-1111-111111111111"
GROUP = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/rg-orders"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kv-orders"
KEY = f"{VAULT}/keys/cmk-orders"
SERVER = f"{GROUP}/providers/Microsoft.Sql/servers/sql-orders"
IDENTITY = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-Orders"
SYNAPSE = f"{GROUP}/providers/Microsoft.Sql/servers/sql-synapse"
SECOND = f"{GROUP}/providers/Microsoft.Sql/servers/sql-second"
DISK = f"{GROUP}/providers/Microsoft.Compute/disks/disk-orders"
MACHINE = f"{GROUP}/providers/Microsoft.Compute/virtualMachines/vm-orders"
CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks-orders"
RUN = "7f3a9c12" + "0" * 56
PLAN = {
    "service": "sql",
    "owner": "orders-team",
    "window": {"opens": "2026-11-28T22:00:00Z", "closes": "2026-11-29T02:00:00Z"},
    "canary": {"targets": 1, "soak": "45m"},
    "limits": {"max_targets": 50, "max_failures": 3, "max_disrupted": 1},
}

REVERSIBLE = ReviewedReversibility(kind="reversible", code="", why="rollback restores the value found before")
ONE_WAY = ReviewedReversibility(kind="one-way", code="CMK301", why="nobody can turn purge protection off again")
ONCE_USED = ReviewedReversibility(kind="reversible", code="CMK309", why="rollback removes it unless it was used")
KEPT = ReviewedReversibility(kind="kept", code="", why="a key is never deleted: backups may need it")


def line(
    path: str, before: Any, after: Any, back: ReviewedReversibility | None = REVERSIBLE, **more: Any
) -> ReviewedLine:
    fields = {"role": "owned", "accept": None, **more}
    return ReviewedLine(path=path, before=before, after=after, reversibility=back, **fields)


def step(name: str, resource: str | None, action: Action, *lines: ReviewedLine, **more: Any) -> ReviewedStep:
    fields: dict[str, Any] = {
        "id": f"{name}.0123456789abcdef",
        "kind": name,
        "params": {},
        "resource_id": resource,
        "api_version": "2023-07-01",
        "action": action,
        "request": ReviewedRequest(method="PUT", body={}) if action in ("create", "update") else None,
        "lines": lines,
        "reason": "it is not as the plan says",
        "waits": None,
        "downtime": "",
        "estimate": ReviewedEstimate(usual=5, worst=90),
        "permissions": (),
        "needs": (),
        "after": (),
        "closes": None,
    }
    return ReviewedStep(**{**fields, **more})


def needs(action: str, scope: str, split: str, **more: Any) -> ReviewedPermission:
    return ReviewedPermission(action=action, scope=scope, split=split, **{"data": False, "checkable": True, **more})


def steps() -> tuple[ReviewedStep, ...]:
    return (
        step(
            "create_key",
            KEY,
            "create",
            line("properties.kty", None, "RSA", KEPT),
            line("properties.keySize", None, 3072, KEPT),
            reason="the key does not exist",
            permissions=(needs("Microsoft.KeyVault/vaults/keys/write", VAULT, "vault"),),
        ),
        step(
            "protect_vault",
            VAULT,
            "update",
            line(
                "properties.enablePurgeProtection", None, after=True, back=ONE_WAY, accept="purge-protection:kv-orders"
            ),
            line("properties.networkAcls", {"bypass": "None"}, {"bypass": "None"}, None, role="carried"),
            permissions=(needs("Microsoft.KeyVault/vaults/write", VAULT, "vault"),),
        ),
        step("wait_for_access", VAULT, "wait", waits="for the grant to arrive", reason="for the grant to arrive"),
        step(
            "register_server_key",
            None,
            "create",
            line("properties.uri", None, {"unknown": True}),
            line("properties.primaryUserAssignedIdentityId", None, IDENTITY),
            line(f"identity.userAssignedIdentities.{IDENTITY.lower()}", None, "attached"),
            line("name", "a" * 60, "b" * 60),
            params={"server": SERVER, "key": KEY},
            permissions=(
                needs("Microsoft.Sql/servers/keys/write", SERVER, "service"),
                needs("Microsoft.Sql/locations/serverKeyAzureAsyncOperation/read", GROUP, "service", checkable=False),
            ),
        ),
        step(
            "assign_key_role",
            None,
            "create",
            line("properties.principalId", None, {"unknown": True}, ONCE_USED),
            params={"scope": KEY, "principal_id": "55555555-5555-4555-8555-555555555501"},
        ),
        step(
            "set_protector",
            f"{SERVER}/encryptionProtector/current",
            "update",
            line("properties.serverKeyType", "ServiceManaged", "AzureKeyVault"),
            line("properties.autoRotationEnabled", before=False, after=True),
            downtime="none for clients; new key operations wait a few seconds",
        ),
        step("of-a-later-version", f"{SECOND}/encryptionProtector/current", "none", reason="already on the key"),
    )


def target(*steps: str, **more: Any) -> ReviewedTarget:
    fields: dict[str, Any] = {"id": SERVER, "service": "sql", "state": "platform", "blocked": None, "steps": steps}
    return ReviewedTarget(**{**fields, **more})


def review(**changes: Any) -> Review:
    made = steps()
    fields: dict[str, Any] = {
        "format_version": "1.0",
        "digest": "",
        "made": Made(
            id="33333333-3333-3333-3333-333333333333",
            at="2026-11-22T10:14:00Z",
            by="ci-plan",
            with_="cmk_remediate 0.1.0",
        ),
        "expires": "2026-11-29T10:14:00Z",
        "tenant": TENANT,
        "cloud": "AzureCloud",
        "runs": "/srv/cmk-runs",
        "plan": PlanSource(name="sql.yaml", sha256="0" * 64, content=PLAN),
        "undoes": None,
        "steps": made,
        "targets": (
            ReviewedTarget(
                id=SERVER, service="sql", state="platform", blocked=None, steps=tuple(item.id for item in made[:6])
            ),
            ReviewedTarget(
                id=SECOND, service="sql", state="customer (healthy)", blocked=None, steps=(made[0].id, made[6].id)
            ),
            ReviewedTarget(
                id=SYNAPSE,
                service="sql",
                state="foreign",
                blocked=ReviewedBlock(
                    code="CMK206", why="properties.kind is analytics", next="Move the workspace instead."
                ),
                steps=(),
            ),
        ),
        "notes": (
            Note(code="CMK601", scope="", text="The vault is in westeurope; its pair is northeurope."),
            Note(code="CMK602", scope=SERVER, text="A restored database needs every key version used since."),
            Note(code="CMK603", scope=VAULT, text="AuditEvent is not logged."),
        ),
        "artefacts": (),
        "acknowledgements_required": ("purge-protection:kv-orders",),
    }
    return Review(**{**fields, **changes}).sealed()


def bracket() -> Review:
    """Return a review of a machine that is stopped, changed by a step of no return, and started again."""
    minutes = ReviewedEstimate(usual=60, worst=1800)
    key = step("create_key", KEY, "create", line("properties.kty", None, "RSA", KEPT))
    stop = step(
        "deallocate_machine",
        MACHINE,
        "stop",
        line("properties.instanceView.statuses", "running", "deallocated", accept="outage:vm-orders"),
        downtime="vm-orders is down until its disk is changed",
        estimate=minutes,
        needs=(key.id,),
    )
    disk = step(
        "encrypt_disk",
        DISK,
        "update",
        line(
            "properties.encryption.type", "EncryptionAtRestWithPlatformKey", "EncryptionAtRestWithCustomerKey", ONE_WAY
        ),
        line("incremental snapshots", "there are some", "there are some", None, role="relied_on"),
        estimate=ReviewedEstimate(usual=30, worst=1800),
        needs=(stop.id,),
    )
    start = step(
        "start_machine",
        MACHINE,
        "start",
        line("properties.instanceView.statuses", "deallocated", "running"),
        estimate=minutes,
        after=(disk.id,),
        closes=stop.id,
    )
    steps = (key, stop, disk, start)
    machine = target(*(one.id for one in steps), id=MACHINE, service="managed-disks")
    return review(steps=steps, targets=(machine,), acknowledgements_required=("outage:vm-orders",))


def rollback() -> Review:
    kept = step("create_key", KEY, "keep", line("", None, None, KEPT), reason=KEPT.why)
    return review(undoes=RUN, steps=(kept,), targets=(), acknowledgements_required=())


def result(**changes: Any) -> RunResult:
    fields: dict[str, Any] = {
        "run": RUN,
        "targets": (
            TargetResult(SERVER, "done", "", "4 writes", changed=True),
            TargetResult(SECOND, "failed", "CMK501", "set_protector: properties.serverKeyType is ServiceManaged"),
            TargetResult(SYNAPSE, "blocked", "CMK206", "properties.kind is analytics"),
        ),
        "writes": 4,
        "exit_code": 5,
        "alarms": ("mixed: set_protector is done on sql-orders and not on sql-second",),
        "text": "apply: 1 done, 1 blocked, 1 failed",
    }
    return RunResult(**{**fields, **changes})


VERIFICATION = Verification(
    "sql.yaml",
    (
        TargetCheck(SERVER, "right", "", "customer (healthy)", "sql"),
        TargetCheck(SECOND, "wrong", "CMK501", "properties.serverKeyType is ServiceManaged", "sql"),
        TargetCheck(DISK, "in progress", "", "in progress", "managed-disks"),
        TargetCheck(SYNAPSE, "blocked", "CMK206", "properties.kind is analytics", "sql"),
        TargetCheck(CLUSTER, "manual", "", "build the new cluster", "aks"),
    ),
    (
        Note(code="CMK601", scope="", text="The vault is in westeurope."),
        Note(code="CMK606", scope=DISK, text="its vault logs nothing"),
    ),
    2,
)
CHECK = EvidenceCheck(
    file=f"{RUN}.zip",
    sha256="1" * 64,
    run=RUN,
    state="finished",
    made="2026-11-22T10:40:00Z by 55555555-5555-4555-8555-555555555501 with cmk_remediate 0.1.0",
    accepted=("purge-protection:kv-orders by change-4711; run begun at 2026-11-22T10:20:00Z by ci-apply",),
    parts=(
        CheckedPart("SHA256SUMS", "right", "9 members have the SHA-256 it lists"),
        CheckedPart("journal.ndjson:4", "altered", "the line does not follow the one before it"),
        CheckedPart("after.ndjson", "not judged", "this version knows no step 'x|y'; made with cmk_remediate 9.9.9"),
    ),
    verification=VERIFICATION,
    ends=(
        TargetLeft(SERVER, "done", "", "4 writes sent"),
        TargetLeft(SECOND, "failed", "CMK501", "set_protector: properties.serverKeyType is ServiceManaged"),
    ),
    undone=(TargetLeft(SERVER, "done", "", "1 write sent"),),
    exit_code=3,
)
RUNS = (RunSummary(RUN, "finished", "2026-11-22T10:20:00Z", "", (SERVER, SECOND), 4),)
REQUESTS = (
    {
        "method": "GET",
        "url": f"https://management.azure.com{SERVER}?api-version=1",
        "status": 200,
        "at": "t1",
        "caller": "c",
    },
    {"method": "PATCH", "url": f"https://management.azure.com{VAULT}", "status": 200, "at": "t2", "caller": "c"},
    {
        "method": "POST",
        "url": "https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=1",
        "status": 200,
        "at": "t3",
        "caller": "c",
    },
    {"method": "POST", "url": "https://management.azure.com/x/resources", "status": 200, "at": "t4", "caller": "c"},
)
