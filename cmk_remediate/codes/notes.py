"""6xx: what a review says beside its steps (what recovery will need, what was not looked at)."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

VAULT_REGION = Code(
    "CMK601",
    kind="note",
    title="where the keys are",
    meaning="Names the vault's region and, where known, the paired region Azure replicates it to.",
    next="Check that losing that region is covered by your recovery plan.",
)
VAULT_REGION_UNKNOWN = Code(
    "CMK602",
    kind="note",
    title="the vault's region or its pair is not known",
    meaning="Key Vault replicates to a paired region only where there is one; for this region that is not known here.",
    next="Look up the region's pair in Azure's list of regions.",
)
KEY_BACKUP = Code(
    "CMK603",
    kind="note",
    title="whether a backup of the key exists is not known",
    meaning="Azure does not record who has downloaded a backup of a key.",
    next="Make one (az keyvault key backup) and keep it where the vault's loss cannot reach it.",
)
KEY_RESTORE_SCOPE = Code(
    "CMK604",
    kind="note",
    title="where a key backup can be restored",
    meaning="Azure restores it only into a vault of the same subscription and the same geography.",
    next="Keep a vault of that kind at hand for recovery.",
)
RESTORE_NEEDS = Code(
    "CMK605",
    kind="note",
    title="what a restored copy will need",
    meaning="Whatever is restored needs the key versions of its time, and an identity with access to them.",
    next="Keep old key versions enabled and the identity's access in place for the longest retention.",
)
AUDIT_LOGGING_MISSING = Code(
    "CMK606",
    kind="note",
    title="the vault's key use is not logged",
    meaning="No diagnostic setting of the vault sends AuditEvent anywhere, so key use and refusals leave no trace.",
    next="Add a diagnostic setting with the category AuditEvent.",
)
AUDIT_LOGGING_UNKNOWN = Code(
    "CMK607",
    kind="note",
    title="whether the vault's key use is logged is not known",
    meaning="The vault's diagnostic settings could not be read.",
    next="Let the caller read them (Microsoft.Insights/diagnosticSettings/read), or look for one with the category AuditEvent.",
)
AUDIT_LOGGING_ON = Code(
    "CMK608",
    kind="note",
    title="the vault's key use is logged",
    meaning="A diagnostic setting of the vault sends AuditEvent, or a category group that holds it.",
    next="Nothing, if what it sends is kept as long as backups are.",
)
KEY_MAY_BE_SOFT_DELETED = Code(
    "CMK609",
    kind="note",
    title="the key may exist in deleted state",
    meaning="Resource Manager does not show deleted keys, and the vault's own endpoint could not be asked from here.",
    next="If the creation is refused with ObjectIsDeletedButRecoverable, recover the key.",
)
KEY_DIFFERS_FROM_PLAN = Code(
    "CMK610",
    kind="note",
    title="existing key differs from the plan",
    meaning="The key is suitable and used as it is; its size, expiry or rotation policy is not what the plan declares.",
    next="Change the plan or the key if the difference matters.",
)
IDENTITY_KEPT_BY_RESOURCE = Code(
    "CMK611",
    kind="note",
    title="resource keeps its own identity",
    meaning="The resource already has a primary identity; that one gets the grant, not the one named in the plan.",
    next="Nothing.",
)
CALLER_LACKS_PERMISSION = Code(
    "CMK612",
    kind="note",
    title="caller of the dry run lacks a permission",
    meaning="Whoever made the dry run may not do what the review needs; whoever applies it must.",
    next="Apply with an identity that holds the role printed by `cmk-remediate permissions PLAN`.",
)
OTHER_USERS_UNSEEN = Code(
    "CMK613",
    kind="note",
    title="users of this vault that no search shows",
    meaning="Azure Resource Graph lags behind, and shows only top-level resources that the caller may read, not the settings "
    "of applications, nor what names the vault by its resource id alone.",
    next="Look at the vault's log of AuditEvent before restricting it; apply with an identity that reads as much.",
)
LOCK_FORBIDS_REMOVAL = Code(
    "CMK614",
    kind="note",
    title="a lock forbids removing it again",
    meaning="A CanNotDelete lock lets the write through, and would refuse the deletion that undoes it.",
    next="Nothing, or lift the lock for a rollback.",
)
POLICY_REWRITES = Code(
    "CMK615",
    kind="note",
    title="a policy rewrites or completes the resource",
    meaning="A policy with effect Modify, Append or DeployIfNotExists applies to a type that is written.",
    next="Nothing; what it sets is not part of the review and is not rolled back.",
)
POLICY_SAMPLED = Code(
    "CMK616",
    kind="note",
    title="policy asked once for resources alike",
    meaning="Resources of one group whose bodies differ in nothing but their own name shared one question.",
    next="Nothing; Azure judges each write when it is sent.",
)
NOT_CHECKED = Code(
    "CMK617",
    kind="note",
    title="a side condition was not checked",
    meaning="The caller may not read it, so nobody knows whether it stands in the way.",
    next="Give the caller the role printed by `cmk-remediate permissions PLAN`, or check it by hand.",
)
SUBSCRIPTION_NOT_SEARCHED = Code(
    "CMK618",
    title="a subscription was not searched for users of the vault",
    meaning="The caller may not read the whole subscription, so resources in it that name the vault's URI are not listed.",
    next="Make the dry run, and apply, with an identity that may read it all (role Reader).",
)
WINDOW_TOO_SHORT = Code(
    "CMK620",
    kind="note",
    title="the change window is too short for a target",
    meaning="A target is started only if its worst case, all its steps one after another, ends within the change window; that "
    "of this one is longer than the whole window.",
    next="Make the window longer, or move the target with a plan of its own and a longer window; then make a new dry run.",
)
FOUND = Code(
    "CMK619",
    kind="state",
    title="what the state rests on",
    meaning="The properties, with their values, that prove the state in which the target was found.",
    next="Nothing; look at them again where the state surprises.",
)
