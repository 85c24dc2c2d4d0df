"""800 to 819: storage accounts and their encryption scopes."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

NOT_AN_ACCOUNT = Code(
    "CMK800",
    title="target is not a storage account",
    meaning="The resource id is of another type than Microsoft.Storage/storageAccounts.",
    next="Name an account; its encryption scopes move with it where the plan says move_encryption_scopes.",
)
ABSENT = Code(
    "CMK801",
    title="storage account or encryption scope not found",
    meaning="The plan names an account that does not exist, or that the caller may not see.",
    next="Correct the target's resource_id, or give the caller Microsoft.Storage/storageAccounts/read.",
)
UNREADABLE = Code(
    "CMK802",
    title="storage account cannot be judged",
    meaning="Azure refused to show the account, or the encryption scopes that the plan wants moved.",
    next="Give the caller the role printed by `cmk-remediate permissions PLAN`, then make a new dry run.",
)
BUSY = Code(
    "CMK803",
    title="storage account is not at rest",
    meaning="properties.provisioningState is not Succeeded, or a failover or a migration of the account runs.",
    next="Wait until it has ended, then make a new dry run.",
)
MANAGED_BY = Code(
    "CMK804",
    title="storage account is managed by another resource",
    meaning="managedBy of the account or of its resource group names the service that owns it, such as a Databricks workspace.",
    next="Change it through the resource that manages it.",
)
CROSS_TENANT = Code(
    "CMK805",
    title="storage account uses a cross-tenant key",
    meaning="properties.encryption.identity.federatedIdentityClientId is set: the key lives in another tenant, unseen by us.",
    next="Move it by hand together with the owner of the other tenant's vault.",
)
MANAGED_HSM = Code(
    "CMK806",
    title="storage account uses a key in a managed HSM",
    meaning="properties.encryption.keyvaultproperties.keyvaulturi is a managed HSM, which is not supported yet.",
    next="Take the account out of the plan.",
)
KIND = Code(
    "CMK807",
    title="accounts of this kind are not moved",
    meaning="kind is BlobStorage: whether Azure gives such an account a customer-managed key is not confirmed.",
    next="Upgrade it to StorageV2 first (for good, without downtime), then make a new dry run.",
)
IDENTITY_NOT_NAMED = Code(
    "CMK808",
    title="the account needs an identity and the plan names none",
    meaning="The account has no identity that works; the plan has no user_assigned_identity, or one that is attached and gone.",
    next="Name another customer_managed_key.user_assigned_identity in the plan, or say identity: system-assigned.",
)
SEVERAL_IDENTITIES = Code(
    "CMK809",
    title="the account has several user-assigned identities",
    meaning="Azure permits one; which of these is to read the key is not ours to choose.",
    next="Leave the account one of them, or name one of them as the plan's user_assigned_identity.",
)
CURRENT_KEY_OUT_OF_REACH = Code(
    "CMK810",
    title="the account's present key is out of our reach",
    meaning="The vault the account uses was not found or may not be read; the present key must work while another replaces it.",
    next="Let the caller read that vault and key, then make a new dry run.",
)
CURRENT_KEY_UNUSABLE = Code(
    "CMK811",
    title="the account's present key cannot be used",
    meaning="The key, or the version the account is pinned to, does not exist or is disabled: Azure cannot open the account.",
    next="Recover or enable that key first: until then the account serves no data either. Then make a new dry run.",
)
PREVIOUS_KEY_ONE_WAY = Code(
    "CMK812",
    title="no way back to the previous key",
    meaning="The customer key in use before could not be used by a rollback.",
    next="Repair that key first, or accept it by name.",
)
IDENTITY_KEPT = Code(
    "CMK813",
    title="the account keeps the identity",
    meaning="It may be used by more than the key, and an identity that is taken away while a key needs it is an outage.",
    next="Nothing. Once the account is on platform keys, it may be detached by hand.",
)
BOTH_AT_ONCE = Code(
    "CMK814",
    title="identity and key of an account cannot change in one request",
    meaning="The account is on a customer-managed key through another identity than the review saw; Azure changes one at a time.",
    next="Make a new dry run: it plans two requests.",
)
NOT_COVERED = Code(
    "CMK815",
    kind="state",
    title="queues and tables are not covered by the key",
    meaning="Their keyType in properties.encryption.services is Service, the default: only the creation of an account sets it.",
    next="If they hold data that must be covered, create an account with keyType Account and copy them.",
)
SCOPES = Code(
    "CMK816",
    kind="state",
    title="encryption scopes that are not on the plan's key",
    meaning="A scope has a key of its own: the account's does not cover what is in it.",
    next="Say move_encryption_scopes: true for scopes on platform keys; a disabled scope, or one on another key, is its owner's.",
)
POLICY = Code(
    "CMK817",
    kind="state",
    title="what Azure Policy says of the account",
    meaning="The verdicts of the built-in definitions, computed from what was read; they ask neither for the key nor its state.",
    next="Nothing. Azure evaluates assignments itself, within about a day.",
)
TERRAFORM = Code(
    "CMK818",
    kind="note",
    title="Terraform would take key or identity away again",
    meaning="An apply of a configuration that knows neither returns to platform keys, or detaches the identity under the key.",
    next="Put both into the configuration, or ignore_changes, before anybody applies again; see docs/storage.md.",
)
WRONG = Code(
    "CMK819",
    kind="state",
    title="what is wrong with the account's customer-managed key",
    meaning="The values that say so: another key, a pinned version, an identity that is gone, a key that cannot be used.",
    next="Plan the account; where the key in use is broken, repair it first.",
)
