"""84x to 86x: Redis Enterprise and Azure Managed Redis clusters."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

NOT_A_CLUSTER = Code(
    "CMK840",
    title="target is not a Redis Enterprise or Managed Redis cluster",
    meaning="The resource id is of another type than Microsoft.Cache/redisEnterprise.",
    next="Name a cluster; caches of the Basic, Standard and Premium tiers (Microsoft.Cache/redis) have no customer-managed keys.",
)
CLUSTER_ABSENT = Code(
    "CMK841",
    title="cluster not found",
    meaning="The plan names a cluster that does not exist, or that the caller may not see.",
    next="Correct the target's resource_id, or give the caller Microsoft.Cache/redisEnterprise/read.",
)
CLUSTER_UNREADABLE = Code(
    "CMK842",
    title="cluster cannot be judged",
    meaning="Azure refused to show the cluster, or its databases: whether data would be lost cannot be said without them.",
    next="Give the caller the role printed by `cmk-remediate permissions PLAN`, then make a new dry run.",
)
NOT_AT_REST = Code(
    "CMK843",
    title="cluster is not at rest",
    meaning="A cluster is ready only where provisioningState is Succeeded and resourceState is Running, of its databases too.",
    next="Wait for the change that runs, or bring the cluster back to Running, then make a new dry run, or roll back again.",
)
MANAGED_BY = Code(
    "CMK844",
    title="cluster is managed by another resource",
    meaning="managedBy of the cluster or of its resource group names the service that owns it.",
    next="Change it through the resource that manages it.",
)
MANAGED_HSM = Code(
    "CMK845",
    title="cluster uses a key in a managed HSM",
    meaning="keyEncryptionKeyUrl is in a managed HSM, which is not supported yet.",
    next="Take the cluster out of the plan.",
)
CURRENT_KEY_OUT_OF_REACH = Code(
    "CMK846",
    title="the cluster's present key is out of our reach",
    meaning="The vault or key the cluster uses was not found or may not be read; both keys must work while one replaces the other.",
    next="Let the caller read that vault and key, then make a new dry run.",
)
VAULT_ELSEWHERE = Code(
    "CMK847",
    title="vault is in another region",
    meaning="The vault must be in the region of the cluster; each cluster of a geo-replicated group needs one of its own region.",
    next="Name a vault in the cluster's region, for this target alone if need be (overrides.customer_managed_key).",
)
DOWNTIME = Code(
    "CMK848",
    title="the change disrupts the cluster, and the plan permits no downtime",
    meaning="Changing the key is a long-running maintenance with service disruption; so is the way back.",
    next="Say allow_downtime: true; the outage itself is accepted by name at apply.",
)
IDENTITY_NOT_NAMED = Code(
    "CMK849",
    title="the cluster needs an identity and the plan names none",
    meaning="A cluster reads its key with a user-assigned identity only; it has none in use, and the plan names none.",
    next="Add customer_managed_key.user_assigned_identity to the plan.",
)
LINK_UNHEALTHY = Code(
    "CMK850",
    title="a geo-replication link is not healthy",
    meaning="A linked database is in another state than Linked: taking this cluster down now could take the last good copy down.",
    next="Bring the link back to Linked, then make a new dry run.",
)
PARTNER_UNREADABLE = Code(
    "CMK851",
    title="a geo-replication partner cannot be judged",
    meaning="A cluster that holds a linked database does not exist or was not shown, so nobody can say that it is up meanwhile.",
    next="Let the caller read the partner (Microsoft.Cache/redisEnterprise/read), then make a new dry run.",
)
PARTNER_NOT_AT_REST = Code(
    "CMK852",
    title="a geo-replication partner is not at rest",
    meaning="Clusters of one group are changed one at a time; a partner that is not Running has to come back first.",
    next="Bring the partner back to Running, then resume, or make a new dry run.",
)
PREVIOUS_KEY_ONE_WAY = Code(
    "CMK853",
    title="no way back to the cluster's previous key",
    meaning="The key version in use before, or the identity it was read with, cannot be used any more.",
    next="Repair that key first, or accept it by name.",
)
IDENTITY_KEPT = Code(
    "CMK854",
    title="the cluster keeps the identity",
    meaning="The identity attached for the key stays: nothing is lost by it, and a key in use needs it.",
    next="Nothing. Detach it by hand once no key in use needs it.",
)
ROLLBACK_DONE = Code(
    "CMK855",
    title="a rollback of a cluster stays",
    meaning="Undoing a rollback would put the cluster on the key again without a review: another outage.",
    next="Make a new dry run of the plan.",
)
RETIRES = Code(
    "CMK860",
    kind="note",
    title="the tier retires on 31 March 2027",
    meaning="Enterprise and Enterprise Flash tiers retire on 31 March 2027; Azure Managed Redis replaces them.",
    next="Weigh an outage for the key against the migration, where the new cluster can be made with its key.",
)
NOT_COVERED = Code(
    "CMK861",
    kind="state",
    title="what the key does not cover",
    meaning="The key encrypts the system disk, the persistence disk and temporary files of exports; never RAM, and never the "
    "NVMe disk of Flash tiers, which stays on platform keys.",
    next="Nothing can be done about it; say so where everything has to be on the key.",
)
ONE_VERSION = Code(
    "CMK862",
    kind="note",
    title="a cluster does not follow new versions of its key",
    meaning="The key is named with its version and Azure has no automatic rotation here; each move to another version is the same "
    "disruptive change again.",
    next="To move on, plan key_version with the new version; disable the old one only once the cluster has left it.",
)
OLDER_VERSION = Code(
    "CMK863",
    kind="state",
    title="the cluster uses an older version of its key",
    meaning="A newer version exists; the one in use still works, and is left alone: changing it is an outage.",
    next="Plan key_version with the new version when an outage suits; keep the old one enabled until then.",
)
VERSION_UNUSABLE = Code(
    "CMK864",
    kind="state",
    title="the version of the key in use cannot be used",
    meaning="The version that the cluster names is disabled, expired, not yet active or gone.",
    next="Enable that version again if you can; planning the cluster moves it to the key's latest version.",
)
DATA_LOSS = Code(
    "CMK865",
    kind="note",
    title="data may be lost by the maintenance",
    meaning="Without high availability the data set is not replicated, and without persistence nothing brings it back; where "
    "neither is shown it counts as off.",
    next="Export the databases first (az redisenterprise database export), then accept it by name.",
)
ONE_AT_A_TIME = Code(
    "CMK866",
    kind="note",
    title="geo-replicated clusters are changed one at a time",
    meaning="Each waits until its partners are Running and their links are Linked.",
    next="Plan every cluster of the group; each needs a vault in its own region.",
)
POLICY_SAYS = Code(
    "CMK867",
    kind="state",
    title="what Azure Policy says of the cluster",
    meaning="Built-in definition 09aa11bb-87ec-409f-bf0b-49b7c1561a87 asks only whether encryption.customerManagedKeyEncryption is "
    "there: not which key it is, nor whether the key works, nor whether the object is empty.",
    next="Nothing; where the two differ, believe the state beside it, which says why.",
)
TERRAFORM = Code(
    "CMK868",
    kind="note",
    title="Terraform would take the key away again",
    meaning="An apply of azurerm_managed_redis that does not know customer_managed_key sends an update without it: another outage.",
    next="Put the key into the configuration before anybody plans again; see docs/redis-enterprise.md.",
)
WRONG = Code(
    "CMK869",
    kind="state",
    title="what is wrong with the cluster's customer-managed key",
    meaning="The values that say so: another key or version, an identity that is gone or may not use the key, a cluster whose "
    "last change failed.",
    next="Plan the cluster; where the key in use is broken, repair it first.",
)
