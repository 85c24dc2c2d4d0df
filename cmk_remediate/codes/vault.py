"""3xx: the vault and the key."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

PURGE_PROTECTION_ONE_WAY = Code(
    "CMK301",
    title="purge protection cannot be turned off again",
    meaning="Once on, neither the owner nor Microsoft can turn it off: what is deleted stays for the retention days.",
    next="Accept it by name: --accept purge-protection:<vault>.",
)
SOFT_DELETE_ONE_WAY = Code(
    "CMK302",
    title="soft delete cannot be turned off again",
    meaning="Once on, Azure refuses to turn it off; what is deleted keeps its name for the retention days.",
    next="Accept it by name: --accept soft-delete:<vault>.",
)
RETENTION_ONE_WAY = Code(
    "CMK303",
    title="the retention days are fixed once set",
    meaning="Azure takes softDeleteRetentionInDays once in a vault's life and refuses every other value afterwards.",
    next="Accept it by name: --accept retention:<vault>:<days>.",
)
BYPASS_KEPT = Code(
    "CMK304",
    title="the bypass for trusted services stays after a rollback",
    meaning="A service that reads its key through the bypass would lose the key, so rollback leaves it.",
    next="Take it away by hand once nothing reads a key of this vault through it.",
)
FIREWALL_KEPT = Code(
    "CMK305",
    title="the vault's firewall stays after a rollback",
    meaning="Opening a vault that the review closed is a decision of its own, so rollback leaves it closed.",
    next="Open it by hand if that is what you want.",
)
PERMISSION_MODEL_KEPT = Code(
    "CMK306",
    title="the permission model stays after a rollback",
    meaning="Switching back to access policies voids every role assignment on the vault at that instant.",
    next="Switch by hand, once every user of the vault has an access policy.",
)
KEY_KEPT = Code(
    "CMK307",
    title="a key is never deleted or disabled",
    meaning="Backups, logs and replicas may need the key long after the resource itself was moved back.",
    next="Delete it by hand after the longest retention of everything it ever protected.",
)
IDENTITY_KEPT = Code(
    "CMK308",
    title="an identity is never deleted",
    meaning="An identity made again under the same name is another principal: its grants would be lost for good.",
    next="Delete it by hand once nothing carries it.",
)
GRANT_KEPT = Code(
    "CMK309",
    title="a grant stays after a rollback",
    meaning="Backups and replicas may need the key through it, and other runs and resources may use it unseen.",
    next="Remove it by hand once no resource has the identity, and no backup it ever unlocked is kept any longer.",
)
VAULT_ABSENT = Code(
    "CMK310",
    title="vault not found",
    meaning="The plan names a vault that does not exist, or that the caller may not see.",
    next="Create the vault, or correct customer_managed_key.key_vault_resource_id.",
)
VAULT_SOFT_DELETED = Code(
    "CMK311",
    title="vault is soft-deleted",
    meaning="The vault was deleted and can still be recovered. Its role assignments do not come back with it.",
    next="Recover the vault, grant its users their roles again, then make a new dry run.",
)
VAULT_NOT_READY = Code(
    "CMK312",
    title="vault in another provisioning state",
    meaning="The vault is neither ready nor about to be: its provisioningState is not Succeeded.",
    next="Bring the vault to provisioningState Succeeded, then make a new dry run.",
)
VAULT_OTHER_TENANT = Code(
    "CMK313",
    title="vault of another tenant",
    meaning="The vault's tenantId is not the plan's tenant; cross-tenant keys are not supported.",
    next="Name a vault of the plan's tenant.",
)
VAULT_OTHER_MODEL = Code(
    "CMK314",
    title="vault has the other permission model",
    meaning="A role has no effect on an access-policy vault, and an access policy none on a vault that uses roles.",
    next="Make a new dry run: it chooses the grant that the vault honours.",
)
VAULT_UNPROTECTED = Code(
    "CMK315",
    title="vault without soft delete or purge protection",
    meaning="No service is pointed at a key that could be lost for good.",
    next="Let the plan protect the vault first and accept its doors.",
)
ACCESS_POLICIES_FULL = Code(
    "CMK316",
    title="no room for another access policy",
    meaning="A vault holds at most 1,024 access policies.",
    next="Remove entries of principals that no longer exist, or use a vault with role-based access.",
)
NETWORK_REFUSES = Code(
    "CMK317",
    title="the vault's network settings keep the service out",
    meaning="With these settings the service cannot reach the key, so the switch would fail or end in an outage.",
    next="Let trusted services past the firewall (vault.bypass in the plan), or open the vault.",
)
BYPASS_UNCONFIRMED = Code(
    "CMK318",
    title="not confirmed that the bypass lets this service in",
    meaning="The service, or the cloud, is not in Azure's list of trusted services that pass a vault's firewall.",
    next="Accept it by name: --accept bypass-unconfirmed:<vault>.",
)
VAULT_USERS_UNKNOWN = Code(
    "CMK319",
    title="users of the vault not known",
    meaning="The vault is restricted only if the review lists who uses it, and that list could not be read whole.",
    next="Let the caller read role assignments on the vault, and search its subscriptions with Azure Resource Graph.",
)
POLICY_WITHOUT_ROLE = Code(
    "CMK320",
    title="an access policy has no equivalent role yet",
    meaning="Switching to role-based access would shut this principal out at that instant.",
    next="Assign it a role that covers its permissions, wait for the propagation timeout, make a new dry run.",
)
POLICY_WITHOUT_EQUIVALENT = Code(
    "CMK321",
    title="an access policy that no built-in role can replace",
    meaning="The entry is for an application on behalf of a user, or permits what no built-in role does.",
    next="Leave the permission model, or replace that entry first.",
)
KEY_ABSENT = Code(
    "CMK330",
    title="key not found",
    meaning="The key does not exist in the vault.",
    next="Create the key, or correct the name.",
)
KEY_SOFT_DELETED = Code(
    "CMK331",
    title="key is soft-deleted",
    meaning="A key of this name was deleted and can still be recovered; Azure creates no other under its name.",
    next="Recover the key (az keyvault key recover), or choose another name; we never recover, never purge.",
)
KEY_DISABLED = Code(
    "CMK332",
    title="key is disabled",
    meaning="A disabled key refuses every operation.",
    next="Enable the key, or choose another one.",
)
KEY_EXPIRED = Code(
    "CMK333",
    title="key has expired",
    meaning="An expired key refuses to wrap: a service cannot start to use it.",
    next="Rotate the key or give it a later expiry, then make a new dry run.",
)
KEY_NOT_YET_ACTIVE = Code(
    "CMK334",
    title="key is not active yet",
    meaning="The key's activation date (nbf) lies ahead.",
    next="Wait for that date or change it.",
)
KEY_WRONG_TYPE = Code(
    "CMK335",
    title="key of a type the service does not take",
    meaning="The key's type (kty) is not one the service accepts as a customer-managed key.",
    next="Use a key of one of the types named.",
)
KEY_WRONG_SIZE = Code(
    "CMK336",
    title="key of a size the service does not take",
    meaning="The key's length in bits is not one the service accepts as a customer-managed key.",
    next="Use a key of one of the sizes named.",
)
KEY_LACKS_OPERATIONS = Code(
    "CMK337",
    title="key may not wrap and unwrap",
    meaning="The key's keyOps leave out wrapKey or unwrapKey, which every service needs.",
    next="Permit both operations on the key.",
)
ROTATION_POLICY_MANUAL = Code(
    "CMK338",
    title="rotation policy must be set by hand",
    meaning="On an existing key only the vault's own endpoint sets it, and that cannot be reached from here.",
    next="Set it from a machine that reaches the vault, or run from a Hybrid Worker.",
)
VAULT_NOT_RECOVERABLE = Code(
    "CMK339",
    title="the previous key's vault is not recoverable any more",
    meaning="It lacks soft delete or purge protection: also a rollback points nothing at a key that could be lost for good.",
    next="Turn soft delete and purge protection on, then roll back again.",
)
HSM_KEY_NEEDS_PREMIUM = Code(
    "CMK341",
    title="RSA-HSM key in a standard vault",
    meaning="The plan would create an RSA-HSM key, which needs a vault of sku premium.",
    next="Declare key.type RSA, or name a premium vault.",
)
KEY_UNREADABLE = Code(
    "CMK342",
    title="the plan's vault or key cannot be read",
    meaning="Azure refused to show the vault or the key that the plan names.",
    next="Give the caller the role printed by `cmk-remediate permissions PLAN`, then make a new dry run.",
)
VERSIONLESS_AND_PINNED = Code(
    "CMK343",
    title="key both versionless and pinned",
    meaning="customer_managed_key names a key_version and versionless at once.",
    next="Leave one of them out.",
)
PINNED_KEY_EXPIRES = Code(
    "CMK344",
    title="pinned key that expires",
    meaning="With key_version pinned nothing follows a new version, and the key has an expiry date, or its new versions get one: "
    "by then somebody must rotate it and pin the new version, or what it protects becomes inaccessible.",
    next="Leave key_version out, or use a key without expiry; where a policy demands expiry, say allow_expiring_pinned_key: true "
    "in the plan and accept expiring-pinned-key:<resource>.",
)
