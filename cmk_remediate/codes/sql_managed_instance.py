"""870-899: Azure SQL managed instances, where they differ from logical servers."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

NOT_AN_INSTANCE = Code(
    "CMK870",
    title="target is not a managed instance",
    meaning="The resource id is of another type than Microsoft.Sql/managedInstances.",
    next="Name a managed instance; logical servers are targets of the service sql.",
)
INSTANCE_STOPPED = Code(
    "CMK871",
    title="managed instance is stopped",
    meaning="A stopped or stopping instance takes no change to its keys (ManagedInstanceStoppingOrStopped). Nothing here starts "
    "an instance: that costs money and is its owner's decision.",
    next="Start the instance and wait until its properties.state is Ready, or take it out of the plan; then make a new dry run.",
)
INSTANCE_PASSING = Code(
    "CMK872",
    title="managed instance is between two states",
    meaning="The instance is starting, being created or being changed; Azure refuses a change until that has ended "
    "(ManagedInstanceStarting), and what it will be then is not known.",
    next="Wait until properties.state is Ready and properties.provisioningState is Succeeded, then make a new dry run.",
)
INSTANCE_NOT_READY = Code(
    "CMK873",
    title="managed instance is not ready",
    meaning="The instance's properties.state is none that takes a change.",
    next="Bring the instance back to Ready, or take it out of the plan.",
)
KEY_NOT_USABLE = Code(
    "CMK874",
    title="managed instance cannot use the key",
    meaning="The instance itself tried the key (validateAzureKeyVaultEncryptionKey, which changes nothing) and was refused for "
    "a reason that waiting does not cure. Nothing was switched.",
    next="Correct what Azure names, then apply again, or make a new dry run if that changes what was reviewed.",
)
NOT_PROVED_AHEAD = Code(
    "CMK875",
    kind="note",
    title="access is not proved before the switch",
    meaning="A policy denies the instance a body without a key, so its identity arrives together with the key: there is nothing to "
    "ask the instance with before.",
    next="Nothing; a refusal of that request leaves the instance as it was.",
)
NOT_TRIED = Code(
    "CMK876",
    kind="state",
    title="managed instance was not asked about its key",
    meaning="It names the plan's key, but it is stopped or between two states, so it could not try the key.",
    next="Verify again when its properties.state is Ready.",
)
POLICY_SAYS = Code(
    "CMK877",
    kind="state",
    title="what Azure Policy says of the managed instance",
    meaning="Built-in definition ac01ad65-10e5-46df-bdd9-6b0cad13e1d2 asks only whether properties.keyId is there and whether "
    "serverKeyType of the protector is AzureKeyVault: not which key it is, nor whether the instance can use it.",
    next="Nothing; where the two differ, believe the state beside it, which says why.",
)
TERRAFORM = Code(
    "CMK878",
    kind="note",
    title="Terraform and Bicep must learn of the key",
    meaning="azurerm_mssql_managed_instance_transparent_data_encryption, and a template with the protector in it, would set the "
    "protector back to what is written there.",
    next="Put key, identity and automatic rotation into the configuration before anybody plans again; see "
    "docs/sql-managed-instance.md.",
)
