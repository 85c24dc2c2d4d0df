"""The schema of a plan file: strict pydantic; field names follow the Azure Verified Modules interface."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from cmk_remediate.clock import is_utc
from cmk_remediate.errors import InputError
from cmk_remediate.model.ids import ResourceId

_DURATION = re.compile(r"^(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?$")
_MOMENT = re.compile(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")
_ISO_DURATION = re.compile(r"^P([0-9]{1,5})([DMY])$")
_DAYS = {"D": 1, "M": 30, "Y": 365}
_MOST_DAYS = 36500


_LONGEST_DURATION = 40
_MOST_SECONDS = 3650 * 86400


def seconds(text: str) -> int:
    """Return the seconds that a duration such as ``90s``, ``45m``, ``1h30m`` or ``7d`` names.

    Raises:
        ValueError: when it is not one.
    """
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        message = f"{text!r} is not a duration such as 90s, 45m, 1h30m or 7d"
        raise ValueError(message)
    if len(text) > _LONGEST_DURATION:
        message = f"{text[:_LONGEST_DURATION]!r}... is longer than any duration"
        raise ValueError(message)
    days, hours, minutes, rest = (int(part or 0) for part in match.groups())
    found = ((days * 24 + hours) * 60 + minutes) * 60 + rest
    if found > _MOST_SECONDS:
        message = f"{text!r} is more than ten years"
        raise ValueError(message)
    return found


def _duration(text: str) -> str:
    seconds(text)
    return text


def _moment(text: str) -> str:
    message = f"{text!r} is not a moment in UTC such as 2026-11-22T22:00:00Z"
    if not _MOMENT.fullmatch(text) or not is_utc(text):
        raise ValueError(message)
    return text


def _iso_duration(text: str) -> str:
    found = _ISO_DURATION.fullmatch(text)
    if found is None or not 0 < int(found[1]) * _DAYS[found[2]] <= _MOST_DAYS:
        message = (
            f"{text[:_LONGEST_DURATION]!r} is not a duration such as P90D, P18M or P1Y, of a day to a hundred years"
        )
        raise ValueError(message)
    return text


def writable(text: str) -> str:
    """Return *text* with a blank for each sign that ends a text or leads a terminal: controls, half characters, ends of lines."""
    return "".join(" " if unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} else sign for sign in text)


def _text(text: str) -> str:
    if writable(text) != text:
        message = f"{text[:_LONGEST_DURATION]!r} holds signs that cannot be written"
        raise ValueError(message)
    return text


def _resource_id(text: str) -> str:
    try:
        ResourceId.parse(text)
    except InputError as error:
        raise ValueError(error.cause) from error
    return text


def _vault_id(text: str) -> str:
    if not ResourceId.parse(_resource_id(text)).is_type("Microsoft.KeyVault/vaults"):
        message = f"{text!r} is not the id of a Key Vault (managed HSM is not supported yet)"
        raise ValueError(message)
    return text


def _set_id(text: str) -> str:
    if not ResourceId.parse(_resource_id(text)).is_type("Microsoft.Compute/diskEncryptionSets"):
        message = f"{text!r} is not the id of a disk encryption set"
        raise ValueError(message)
    return text


def _identity_id(text: str) -> str:
    if not ResourceId.parse(_resource_id(text)).is_type("Microsoft.ManagedIdentity/userAssignedIdentities"):
        message = f"{text!r} is not the id of a user-assigned identity"
        raise ValueError(message)
    return text


Duration = Annotated[
    str,
    AfterValidator(_duration),
    Field(json_schema_extra={"pattern": _DURATION.pattern, "examples": ["90s", "45m", "1h30m", "7d"]}),
]
Moment = Annotated[
    str,
    AfterValidator(_moment),
    Field(json_schema_extra={"pattern": _MOMENT.pattern, "examples": ["2026-11-22T22:00:00Z"]}),
]
IsoDuration = Annotated[
    str,
    AfterValidator(_iso_duration),
    Field(json_schema_extra={"pattern": _ISO_DURATION.pattern, "examples": ["P90D", "P18M", "P1Y"]}),
]
Text = Annotated[str, AfterValidator(_text), Field(min_length=1)]
ResourceIdText = Annotated[str, AfterValidator(_resource_id)]
VaultIdText = Annotated[str, AfterValidator(_vault_id)]
SetIdText = Annotated[str, AfterValidator(_set_id)]
IdentityIdText = Annotated[str, AfterValidator(_identity_id)]


class Part(BaseModel):
    """A part of a file that an operator writes: strict, no unknown fields."""

    # The text below a field is its description in the JSON Schema.
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)


class UserAssignedIdentity(Part):
    """Our identity, for targets that get it by the service's rules; ``{target}`` stands for the target's name."""

    resource_id: IdentityIdText
    """The identity's resource id; made if it does not exist."""


class CustomerManagedKey(Part):
    """Which key in which vault. ``{target}`` in the key's and the identity's name stands for the target's name."""

    key_vault_resource_id: VaultIdText
    """The vault's resource id; the vault must exist."""
    key_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9{}-]{1,127}$")]
    """The key's name; made if it does not exist."""
    key_version: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    """Pins one version and turns following new versions off. Leave it out."""
    versionless: bool = False
    """Register the key without a version (public cloud only)."""
    user_assigned_identity: UserAssignedIdentity | None = None
    """Our identity; used only where the service's rules give the target ours."""


class DiskEncryptionSet(Part):
    """Managed disks and AKS: the encryption set, one a region, subscription and type of encryption; made if it does not exist."""

    resource_id: SetIdText
    """The set of most disks, in their subscription; its identity is the plan's."""
    encryption_type: Literal["EncryptionAtRestWithCustomerKey", "EncryptionAtRestWithPlatformAndCustomerKeys"] = (
        "EncryptionAtRestWithCustomerKey"
    )
    """The customer's key alone, or the platform's around it."""
    system_assigned_resource_id: SetIdText | None = None
    """The set of Ultra and Premium SSD v2 disks, with an identity of its own; they take no other."""


class NewCluster(Part):
    """AKS: the cluster that replaces the target, built by hand; ``{target}`` stands for the target's name."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9{}_-]{1,100}$")] = "{target}-cmk"
    """Its name, in the target's resource group."""
    user_assigned_identity: UserAssignedIdentity | None = None
    """Its control plane's identity, made if it does not exist; else that of the target, or one of its own."""


class Overrides(Part):
    """What is different for one target."""

    customer_managed_key: CustomerManagedKey | None = None
    """Replaces the plan's whole."""
    identity: Literal["user-assigned", "system-assigned"] | None = None
    """As the plan's."""
    private_endpoint: bool | None = None
    """As the plan's."""
    enable_tde: bool | None = None
    """As the plan's."""
    move_encryption_scopes: bool | None = None
    """As the plan's."""
    disk_encryption_set: DiskEncryptionSet | None = None
    """Replaces the plan's whole."""
    new_cluster: NewCluster | None = None
    """Replaces the plan's whole."""


class TargetEntry(Part):
    """One resource to move."""

    resource_id: ResourceIdText
    """The resource id."""
    overrides: Overrides | None = None
    """What is different for this target."""


class Restrict(Part):
    """The last step of a run: each part is opt-in and accepted by name."""

    default_action: Literal["Deny"] | None = None
    """Close the vault's firewall to all that no rule lets in."""
    public_network_access: Literal["Disabled"] | None = None
    """Reach the vault by private endpoints only."""
    permission_model: Literal["rbac"] | None = None
    """Turn from access policies to roles: voids every access policy at once."""


class Vault(Part):
    """What is done to the vault beside purge protection."""

    bypass: Literal["AzureServices"] | None = None
    """Let trusted services past the vault's firewall."""
    restrict: Restrict | None = None
    """The last step of the run."""


class RotationPolicy(Part):
    """Sent whole with the key's creation. ISO 8601 durations, as Key Vault spells them."""

    rotate_after_create: IsoDuration = "P1Y"
    """A new version this long after the last one."""
    notify_before_expiry: IsoDuration | None = None
    """An Event Grid event this long before a version expires; needs expiry_time."""
    expiry_time: IsoDuration | None = None
    """New versions expire after this long. Leave it out unless a policy demands it."""


class Key(Part):
    """How a key that does not exist is made. RSA and RSA-HSM: Azure SQL and Cosmos DB take 2048 or 3072 bits, AI services 2048."""

    type: Literal["RSA", "RSA-HSM", "EC", "EC-HSM"] = "RSA"
    """The key's type."""
    size: int = 3072
    """In bits."""
    rotation_policy: RotationPolicy | None = RotationPolicy()
    """Null: nobody rotates the key."""
    expires: Moment | None = None
    """When the first version expires. Leave it out unless a policy demands it."""


class Access(Part):
    """How long to wait for a grant to arrive."""

    floor: Duration | None = None
    """Wait at least this long after the youngest cause; else 60s, or 10m for a service without a harmless probe."""
    timeout: Duration = "20m"
    """Call it refused once the youngest cause is this old."""


class Limits(Part):
    """How much may go wrong, or be changed, in one run."""

    max_targets: Annotated[int, Field(ge=1)] = 50
    """Refuse a run that would change more targets."""
    max_failures: Annotated[int, Field(ge=1)] = 1
    """Start no further target after this many failed."""
    max_disrupted: Annotated[int, Field(ge=1)] = 1
    """Targets with an outage at the same time."""


class Window(Part):
    """The change window, ISO 8601 in UTC. A target is started only if its worst case ends within it."""

    opens: Moment
    """Nothing is started before."""
    closes: Moment
    """Everything started is over by then, at its worst."""


class Canary(Part):
    """The first targets; the rest starts once they were right, and still right after the soak."""

    targets: Annotated[int, Field(ge=1)] = 1
    """How many go first."""
    soak: Duration = "45m"
    """How long they are left alone before they are looked at again."""


class PlanFile(Part):
    """What the operator declares: one service, many targets."""

    service: Literal[
        "sql",
        "sql-database",
        "sql-managed-instance",
        "cosmosdb",
        "redis-enterprise",
        "managed-disks",
        "aks",
        "ai-services",
        "storage",
    ]
    """What is moved; one service a plan."""
    tenant: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
    """The Entra tenant's id."""
    cloud: Literal["AzureCloud", "AzureUSGovernment", "AzureChinaCloud"] = "AzureCloud"
    """Which Azure."""
    customer_managed_key: CustomerManagedKey
    """The key of every target that does not override it."""
    targets: Annotated[tuple[TargetEntry, ...], Field(min_length=1)]
    """What is to be moved."""
    vault: Vault = Vault()
    """What is done to the vaults, beside purge protection."""
    identity: Literal["user-assigned", "system-assigned"] = "user-assigned"
    """Which identity a target uses the key with, where the service's rules leave the choice."""
    key: Key = Key()
    """How keys that do not exist are made."""
    access: Access = Access()
    """How long to wait for grants to arrive."""
    limits: Limits = Limits()
    """How much one run may change, and how much may go wrong in it."""
    window: Window | None = None
    """The change window."""
    canary: Canary | None = None
    """The first targets, and how long they soak."""
    allow_downtime: bool = False
    """Permits planning an outage; the outage itself is accepted at apply."""
    allow_expiring_pinned_key: bool = False
    """Permits planning with a key_version of a key that expires, where a policy demands expiry; accepted by name at apply."""
    private_endpoint: bool = False
    """The service reaches the vault by private endpoint."""
    disk_encryption_set: DiskEncryptionSet | None = None
    """Managed disks and AKS: the disk encryption set."""
    new_cluster: NewCluster | None = None
    """AKS: the cluster that replaces each target."""
    move_encryption_scopes: bool = False
    """Storage accounts: move encryption scopes that are on platform keys to the key, too."""
    enable_tde: bool = False
    """Turn transparent data encryption on where a database has it off."""
    owner: Annotated[Text, Field(max_length=128)]
    """Who answers for what we create; goes into a tag."""
    runs: Text | None = None
    """Where journals are kept: a folder, relative to this file, or the URL of a blob container and prefix; else ./cmk-runs."""
    review_expires: Duration = "7d"
    """How long after the dry run its review can be applied."""


class EstateFile(Part):
    """Several plans that become one review and one run."""

    plans: Annotated[tuple[Text, ...], Field(min_length=1)]
    """Plan files, relative to this file."""
