"""2xx: who may do what, and how long Azure takes to know it."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

ACCESS_NOT_YET = Code(
    "CMK201",
    title="access has not arrived yet",
    meaning="The grant exists and nothing else explains the refusal, but it did not work within the plan's timeout.",
    next="Wait and run `resume`; propagation can take longer than ten minutes.",
)
ACCESS_NEVER = Code(
    "CMK202",
    title="access refused for a reason that waiting does not cure",
    meaning="The service answered with a cause other than propagation.",
    next="Remove the cause named, then run `resume`.",
)
ACCESS_UNKNOWN = Code(
    "CMK203",
    title="access refused, cause unknown",
    meaning="The answer fits both a grant that has not arrived and a vault firewall, and the firewall could not be excluded.",
    next="Check the vault's network settings; if they are right, wait and run `resume`.",
)
PERMISSION_MISSING = Code(
    "CMK204",
    title="caller lacks a permission",
    meaning="The permissions API says that the caller may not do what the review needs.",
    next="Give the caller the role printed by `cmk-remediate permissions PLAN`.",
)
PERMISSION_UNCHECKED = Code(
    "CMK205",
    title="permission not checkable beforehand",
    meaning="The permissions API does not report this action; a 403 on it stops the target cleanly.",
    next="Nothing, if the printed role was given whole.",
)
LOCKED = Code(
    "CMK206",
    title="a lock forbids the write",
    meaning="On the resource, its group or its subscription: ReadOnly refuses every write of ours, CanNotDelete a grant's removal.",
    next="Remove the lock for the change window, or take the target out of the plan.",
)
DENY_ASSIGNMENT = Code(
    "CMK207",
    title="a deny assignment forbids the write",
    meaning="The resource is managed by a stack or a managed application.",
    next="Change it through what manages it.",
)
POLICY_DENIES = Code(
    "CMK208",
    title="Azure Policy denies the write",
    meaning="A policy assignment with effect Deny refuses the body the write would leave behind.",
    next="Ask for an exemption, or change the plan so that the body complies.",
)
REFUSED_BY_AZURE = Code(
    "CMK209",
    title="Azure refused the request",
    meaning="The service answered with an error that waiting does not cure.",
    next="Read the cause; correct it and run `resume`, or `rollback`.",
)
UNCLEAR_ANSWER = Code(
    "CMK210",
    title="no clear answer",
    meaning=(
        "The connection broke or the service failed, and a read cannot show yet whether the write took effect; or it failed each "
        "time the write was sent, for 20 minutes (where each time disrupts: three times)."
    ),
    next="Run `resume`: it reads first.",
)
HOST_REFUSED = Code(
    "CMK211",
    title="request to a foreign host refused",
    meaning="A request or a status URL pointed somewhere else than the cloud's Resource Manager or the plan's vaults.",
    next="Nothing was sent. If a journal names this host, it was altered.",
)
WRITE_IN_READ_ONLY = Code(
    "CMK212",
    title="write refused by the read-only guard",
    meaning="A dry run or verification tried to send something that is not a read. This is a bug of ours.",
    next="Report it with the journal.",
)
POLICY_NOT_CHECKED = Code(
    "CMK213",
    title="policy not checked",
    meaning="The caller may not ask Azure Policy what it would deny.",
    next="Give Microsoft.PolicyInsights/*/read and checkPolicyRestrictions, or review the assignments by hand.",
)
CLOCK_SKEW = Code(
    "CMK214",
    title="this machine's clock is wrong",
    meaning="It differs from Azure's clock by more than two minutes; by more than five the run is refused.",
    next="Correct the clock.",
)
GRANT_CONFLICT = Code(
    "CMK215",
    title="a role assignment of that name grants something else",
    meaning="The deterministic assignment id is taken by another principal, role or scope.",
    next="Look at the assignment named; remove it if it is an orphan.",
)
THROTTLED = Code(
    "CMK216",
    title="throttled for long",
    meaning="Azure asked to wait longer than a request is given, or kept refusing: something else uses up the same budget.",
    next="Find out what else runs as this principal in the subscription, then run again.",
)
SUBSCRIPTION_CLOSED = Code(
    "CMK217",
    title="subscription takes no writes",
    meaning="The subscription is disabled, expired or deleted.",
    next="Have it reactivated, or take its targets out of the plan.",
)
GROUP_MANAGED = Code(
    "CMK218",
    title="resource group is managed by another resource",
    meaning="`managedBy` of the resource group names what created it; changes made past it are refused or reverted.",
    next="Change the resource through what manages it.",
)
GROUP_ABSENT = Code(
    "CMK219",
    title="resource group does not exist",
    meaning="Something is to be created in a resource group that is not there, or that the caller cannot see.",
    next="Create the group, or correct the resource id in the plan.",
)
PROVIDER_NOT_REGISTERED = Code(
    "CMK220",
    title="resource provider not registered",
    meaning="The subscription has not registered the provider of a resource to be created; this tool registers none.",
    next="`az provider register --namespace <provider>` in that subscription, then run again.",
)
TOO_MANY_GRANTS = Code(
    "CMK221",
    title="role assignments near or over the limit",
    meaning="A subscription holds 4,000 role assignments at most.",
    next="Remove orphaned role assignments, or assign at fewer scopes.",
)
SUBSCRIPTION_REFUSED = Code(
    "CMK222",
    title="request to a subscription that nobody reviewed refused",
    meaning="A step or a status URL led to a subscription that the review names nowhere.",
    next="Nothing was sent there. The review or the journal was altered: make a new dry run.",
)
STILL_BUSY = Code(
    "CMK223",
    title="another operation holds the resource",
    meaning="For 20 minutes Azure refused the write because something else is being done to the resource, or to its parent.",
    next="Look in the activity log for what is being done to it; once that has ended, `resume` the run, or roll back again.",
)
