"""When Azure refuses another encryption of a disk or a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator import doubts, identities
from cmk_remediate.simulator.declare import UNCONFIRMED, ArmError, Json, Switch, Write
from cmk_remediate.simulator.providers.common import properties_of
from cmk_remediate.simulator.providers.compute.keyuse import forbidden, usable
from cmk_remediate.simulator.providers.compute.names import (
    DEALLOCATED,
    DIRECT_DRIVE,
    DOUBLE,
    MACHINE,
    PLATFORM,
    encryption_of,
    holders,
    incremental_snapshots,
    key_url,
    power,
    refusal,
    set_named,
)

if TYPE_CHECKING:
    from cmk_remediate.simulator.world import World

REFUSES_RUNNING = Switch("compute-refuses-running", "A disk of a machine that is not deallocated keeps its encryption.")
_RESTRICTIONS = "learn.microsoft.com: Restrictions of customer-managed keys for managed disks"
_CLI = "github.com/Azure/azure-cli/pull/22484"


def changes_encryption(write: Write) -> bool:
    """Say whether a write sets another encryption than there was."""
    return write.old is not None and encryption_of(write.new) != encryption_of(write.old)


def merged(old: Json, sent: Json, world: World) -> Json:
    """Return a disk after a PATCH: an encryption is replaced, or merged, under the doubt about the platform's key."""
    asked = encryption_of(sent)
    new = {**old, **{name: value for name, value in sent.items() if name not in ("properties", "tags")}}
    if "tags" in sent:
        new["tags"] = sent["tags"] or {}
    properties = {**properties_of(old), **{k: v for k, v in properties_of(sent).items() if k != "encryption"}}
    if asked:
        kept = encryption_of(old) if world.doubt(doubts.DISK_TO_PLATFORM_KEY) == "needs-null" else {}
        after = {**kept, **asked}
        properties["encryption"] = {name: value for name, value in after.items() if value is not None}
    return {**new, "properties": properties}


def platform_names_no_set(write: Write) -> ArmError | None:
    """Refuse a platform key together with an encryption set."""
    if encryption_of(write.new).get("type", PLATFORM) != PLATFORM or not set_named(write.new):
        return None
    text = f"Resource {write.id.name} encrypted with platform key has disk encryption set id specified."
    return refusal("InvalidParameter", text, _CLI)


def set_fits(write: Write) -> ArmError | None:
    """Refuse an encryption set that does not exist, is elsewhere, or of another kind of encryption."""
    encryption = encryption_of(write.new)
    kind, named = encryption.get("type", PLATFORM), set_named(write.new)
    if kind == PLATFORM or not changes_encryption(write):
        return None
    body = write.world.get(named) if named else None
    if body is None:
        text = f"The encryption type {kind} of {write.id.name} needs a disk encryption set that exists."
        return refusal("InvalidParameter", text, UNCONFIRMED)
    place = write.world.spelled(named)
    near = str(body.get("location")).lower() == str((write.new or {}).get("location")).lower()
    if not near or place.subscription.lower() != write.id.subscription.lower():
        text = f"The disk encryption set {place.name} must be in the subscription and region of {write.id.name}."
        return refusal("InvalidParameter", text, _RESTRICTIONS)
    if properties_of(body).get("encryptionType") != kind:
        text = f"Encryption type {kind} of {write.id.name} does not match the type of disk encryption set {place.name}."
        return refusal("InvalidParameter", text, "github.com/hashicorp/terraform-provider-azurerm/issues/10588")
    return _direct_drive(write, body) or (
        None if usable(write.world, place) else forbidden(write.world, place, body, key_url(body))
    )


def _direct_drive(write: Write, body: Json) -> ArmError | None:
    sku = str(((write.new or {}).get("sku") or {}).get("name") or "")
    if sku.lower() not in DIRECT_DRIVE:
        return None
    if encryption_of(write.new).get("type") == DOUBLE:
        text = f"Disk {write.id.name} with the SKU '{sku}' does not support double encryption."
        return refusal("OperationNotAllowed", text, _RESTRICTIONS, 409)
    user_assigned = bool(identities.attached(body.get("identity")))
    if not user_assigned or write.world.doubt(doubts.DIRECT_DRIVE_IDENTITY) == "accepted":
        return None
    text = (
        f"DiskEncryptionSet '{body.get('name')}' with UserAssigned identity type is not supported for disk '{write.id.name}' "
        f"since it has '{sku}' SKU."
    )
    return refusal("DirectDriveDiskNotSupportUserAssignedIdentityDes", text, "public support notes")


def never_ade(write: Write) -> ArmError | None:
    """Refuse customer keys on a disk that Azure Disk Encryption has touched, or a confidential one."""
    if not changes_encryption(write):
        return None
    kind = str((properties_of(write.old).get("securityProfile") or {}).get("securityType") or "")
    if kind.lower().startswith("confidential"):
        text = f"The encryption of the confidential disk '{write.id.name}' cannot be changed."
        return refusal("OperationNotAllowed", text, UNCONFIRMED, 409)
    if properties_of(write.old).get("encryptionSettingsCollection") is None:
        return None
    text = (
        f"Disk '{write.id.name}' was previously encrypted with Azure Disk Encryption. Server-side encryption with customer managed "
        "keys cannot be enabled on this disk at this time."
    )
    return refusal("OperationNotAllowed", text, "public support notes", 409)


def is_at_rest(write: Write) -> ArmError | None:
    """Refuse while a machine the disk hangs on is not deallocated, and while an access signature is out."""
    if not changes_encryption(write) or not write.world.switch(REFUSES_RUNNING.name):
        return None
    for name in holders(write.old):
        machine = write.world.get(name) if f"/{MACHINE.lower()}/" in name else None
        if machine is not None and power(machine) != DEALLOCATED:
            text = f"Cannot change Encryption Setting of disk '{write.id.name}' while it is attached to running VM '{name}'."
            source = "github.com/hashicorp/terraform-provider-azurerm/issues/23786 (text unconfirmed)"
            return refusal("OperationNotAllowed", text, source, 409)
    state = str(properties_of(write.old).get("diskState") or "")
    if state.lower().startswith("activesas") and write.world.doubt(doubts.DISK_ACTIVE_SAS) == "refused":
        text = f"Disk '{write.id.name}' is in the state {state}: its shared access signature must be revoked first."
        return refusal("OperationNotAllowed", text, UNCONFIRMED, 409)
    return None


def incremental(write: Write) -> ArmError | None:
    """Refuse to part a disk from the encryption of its incremental snapshots."""
    if not changes_encryption(write) or not incremental_snapshots(write.world, write.id):
        return None
    if encryption_of(write.new).get("type", PLATFORM) == PLATFORM:
        text = f"Disk '{write.id.name}' has incremental snapshots: its customer-managed key cannot be taken back."
        return refusal("OperationNotAllowed", text, _RESTRICTIONS, 409)
    if write.world.doubt(doubts.INCREMENTAL_SNAPSHOTS) == "accepted":
        return None
    text = f"Disk '{write.id.name}' and its incremental snapshots must have the same disk encryption set."
    return refusal("OperationNotAllowed", text, _RESTRICTIONS, 409)
