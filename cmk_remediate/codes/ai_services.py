"""82x, 83x and 89x: Azure AI services accounts."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

NOT_AN_ACCOUNT = Code(
    "CMK820",
    title="target is not an AI services account",
    meaning="The resource id is of another type than Microsoft.CognitiveServices/accounts.",
    next="Name the account, not one of its projects or deployments; hubs of Azure Machine Learning are another service.",
)
ACCOUNT_ABSENT = Code(
    "CMK821",
    title="AI services account not found",
    meaning="The plan names an account that does not exist, or that the caller may not see.",
    next="Correct the target's resource_id, or give the caller Microsoft.CognitiveServices/accounts/read.",
)
ACCOUNT_UNREADABLE = Code(
    "CMK822",
    title="AI services account cannot be judged",
    meaning="Azure refused to show the account.",
    next="Give the caller the role printed by `cmk-remediate permissions PLAN`, then make a new dry run.",
)
ACCOUNT_BUSY = Code(
    "CMK823",
    title="AI services account is not at rest",
    meaning="properties.provisioningState is not Succeeded: another change of the account runs, or one has failed.",
    next="Wait for the change, or bring the account back to Succeeded, then make a new dry run.",
)
ACCOUNT_MANAGED_BY = Code(
    "CMK824",
    title="AI services account is managed by another resource",
    meaning="managedBy of the account or of its resource group names the service that owns it.",
    next="Change it through the resource that manages it.",
)
MANAGED_HSM = Code(
    "CMK825",
    title="AI services account uses a key in a managed HSM",
    meaning="keyVaultUri of the account is a managed HSM, which is not supported yet.",
    next="Take the account out of the plan.",
)
CURRENT_KEY_OUT_OF_REACH = Code(
    "CMK826",
    title="the AI services account's present key is out of our reach",
    meaning="The vault or key the account uses was not found or may not be read; both keys must work while one replaces the other.",
    next="Let the caller read that vault and key, then make a new dry run.",
)
FREE_TIER = Code(
    "CMK827",
    title="AI services account is in the free tier",
    meaning="sku.name is F0. Customer-managed keys want a paid tier; kind by kind that is not confirmed, so F0 is refused for all.",
    next="Move the account to a paid tier, then make a new dry run.",
)
OTHER_REGION = Code(
    "CMK828",
    title="vault in another region than the AI services account",
    meaning="Azure AI services take a key only from a vault in the account's own region.",
    next="Name a vault of that region, for this account by customer_managed_key in its overrides.",
)
OTHER_VAULT = Code(
    "CMK829",
    title="a Foundry resource keeps its vault",
    meaning="A Foundry resource that is on a customer-managed key takes another key from the same vault only.",
    next="Name a key of the vault it uses, for this account by customer_managed_key in its overrides.",
)
IDENTITY_NOT_NAMED = Code(
    "CMK830",
    title="the AI services account needs an identity and the plan names none",
    meaning="The account reads no customer-managed key yet, and the plan has no user_assigned_identity.",
    next="Add customer_managed_key.user_assigned_identity to the plan, or say identity: system-assigned.",
)
READER_NOT_ATTACHED = Code(
    "CMK831",
    title="the identity that is to read the key is not attached",
    meaning="The account does not have the identity any more that the key was to be set with.",
    next="Attach it, or make a new dry run: somebody has detached it since.",
)
DOOR = Code(
    "CMK832",
    title="a customer-managed key on a Foundry resource is for good",
    meaning="A Foundry resource, an account of the kind AIServices with projects, does not go back to platform keys: its "
    "projects stay on the key.",
    next="Accept it by name. To leave it later, create a new resource.",
)
IDENTITY_KEPT = Code(
    "CMK833",
    title="the AI services account keeps the identity",
    meaning="What is encrypted with a key is read with the identity; without it the data is locked away.",
    next="Nothing. It may be detached by hand once nothing of the account was encrypted with a key it read.",
)
PREVIOUS_KEY_ONE_WAY = Code(
    "CMK834",
    title="no way back to the AI services account's previous key",
    meaning="The key in use before, or the identity it was read with, cannot be used any more, so rollback could not return to it.",
    next="Repair that key or identity first, or accept it by name.",
)
COVERAGE = Code(
    "CMK835",
    kind="state",
    title="what the key of an AI services account does not cover",
    meaning="Names the capabilities and connected resources to look at beside the account itself.",
    next="Put the connected resources on keys of their own; say so where everything has to be on the key.",
)
POLICY = Code(
    "CMK836",
    kind="state",
    title="what Azure Policy says of the AI services account",
    meaning="The verdict of the built-in definition, its parameters left alone. It leaves kinds out, and looks at keySource "
    "only: not at the key, its version, the identity or the vault.",
    next="Nothing; the state found here is the stricter of the two.",
)
VERSION_NAMED = Code(
    "CMK837",
    kind="state",
    title="the AI services account follows no new version of its key",
    meaning="Azure documents following for Foundry resources only, so on every other account the key's version is named.",
    next="After a rotation name the new version as key_version in the account's overrides, and apply; keep the old one enabled.",
)
KIND_UNCONFIRMED = Code(
    "CMK838",
    kind="note",
    title="not confirmed for this kind of account",
    meaning="Azure's pages do not say it for the kind, or contradict each other. Where it does not hold, Azure refuses the "
    "request and nothing has changed.",
    next="Accept it by name, or ask Azure's support before the change window.",
)
TERRAFORM = Code(
    "CMK839",
    kind="note",
    title="Terraform may take the key off, or replace the account",
    meaning="customer_managed_key of azurerm_cognitive_account: an apply that does not know the key takes it off, and replaces a "
    "Foundry resource, which loses its projects.",
    next="Put the key into the configuration, or ignore_changes, before anybody applies again; see docs/ai-services.md.",
)
WRONG = Code(
    "CMK890",
    kind="state",
    title="what is wrong with the account's customer-managed key",
    meaning="The values that say so: another key or version, an identity that is gone or may not use the key, a failed change.",
    next="Plan the account; where the key in use is broken, repair it first.",
)
COST = Code(
    "CMK891",
    kind="note",
    title="what the key of a Foundry resource costs",
    meaning="Azure hosts a Foundry resource with a customer-managed key on its own: at a price, and until it is purged.",
    next="Ask for the price first; purge a deleted resource that nobody needs.",
)
