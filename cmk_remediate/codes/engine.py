"""5xx: what the engine decides about a run."""

from __future__ import annotations

from cmk_remediate.codes.code import Code

DRIFT = Code(
    "CMK501",
    title="Azure is not as reviewed",
    meaning="A property the review judged by has another value now.",
    next="Make a new dry run for this target.",
)
ACCEPTANCE_MISSING = Code(
    "CMK502",
    title="not accepted by name",
    meaning="The review opens a one-way door or causes an outage that was not accepted.",
    next="Pass --accept with the very text the review prints, or --accept-file.",
)
ACCEPTANCE_SURPLUS = Code(
    "CMK503",
    title="accepted what the review does not ask for",
    meaning="A name given to --accept is not in the review: it may be the wrong review.",
    next="Give exactly the names the review prints.",
)
OUTSIDE_WINDOW = Code(
    "CMK504",
    title="outside the change window",
    meaning="The window is closed, or what is left of it is shorter than the worst case of the next target.",
    next="Run again once the window is open. If it is open, what is left of it is too short for the worst case of a target, which "
    "the review gives: make a new review with a longer window, or begin earlier in one that is long enough.",
)
TOO_MANY_TARGETS = Code(
    "CMK505",
    title="more targets than allowed",
    meaning="The plan would change more targets than limits.max_targets.",
    next="Raise the limit or split the plan.",
)
TOO_MANY_FAILURES = Code(
    "CMK506",
    title="stopped after failures",
    meaning="limits.max_failures targets failed; untouched targets were not started.",
    next="Correct the cause, then `resume`.",
)
CANARY_FAILED = Code(
    "CMK507",
    title="canary failed",
    meaning="A canary target failed or was not right after its soak; the rest was not started.",
    next="Look at the canary, then `resume` or `rollback`.",
)
WRITE_HAD_NO_EFFECT = Code(
    "CMK508",
    title="accepted write had no effect",
    meaning="Azure accepted the same write three times (once, where it creates or disrupts), and no read afterwards showed it.",
    next="Look for a policy that reverts it, then run `resume`.",
)
NEEDED_STEP_FAILED = Code(
    "CMK509",
    title="skipped",
    meaning="A step this one stands on did not succeed.",
    next="See that step.",
)
RUN_STORE_BUSY = Code(
    "CMK510",
    title="another run is at work",
    meaning="Another process has the lease of a resource this run writes, or carries out this very run.",
    next="Wait for it to end. If its process is gone, its leases run out within 60 s: then `resume` or `rollback` that run.",
)
JOURNAL_DAMAGED = Code(
    "CMK511",
    title="journal damaged",
    meaning="A record before the last one does not fit the chain of digests, or is not readable. No other run is begun beside it.",
    next="Do not resume; compare with a backup of the run store.",
)
JOURNAL_UNWRITABLE = Code(
    "CMK512",
    title="journal cannot be written",
    meaning="The run store is read-only, full or cannot be reached. No intent, no write: nothing was sent.",
    next="Make room or correct the rights, then run again.",
)
STOPPED = Code(
    "CMK513",
    title="stopped before the end",
    meaning="The run was interrupted or its time was up (--stop-after). The journal holds what was done and what is at work.",
    next="Run the same command again, or `resume`: it goes on. Or `rollback`.",
)
NOT_RESTORED = Code(
    "CMK514",
    title="rollback incomplete",
    meaning="Something that could be restored was not.",
    next="Run `rollback` again; the journal holds the before-images.",
)
OTHER_VALUE_NOW = Code(
    "CMK515",
    title="somebody changed it since",
    meaning="Azure shows another value than the one this run wrote, so undoing it would destroy a change of somebody else.",
    next="Decide by hand which value is right.",
)
MACHINE_LEFT_STOPPED = Code(
    "CMK516",
    title="a machine that ran is not running",
    meaning="A bracket was opened and could not be closed.",
    next="Start the machine named; then run `resume`.",
)
UNFINISHED_RUN = Code(
    "CMK517",
    title="another run is unfinished",
    meaning="A resource of this review is part of a run that has neither finished nor been rolled back.",
    next="`resume` or `rollback` that run first.",
)
NOT_CONFIRMED = Code(
    "CMK518",
    title="not confirmed",
    meaning="The digest was not typed, or there is no terminal to ask at and --yes was not given.",
    next="Read the review, then confirm it.",
)
INTERRUPTED = Code(
    "CMK519",
    title="interrupted before any write",
    meaning="The run was stopped before its first write.",
    next="Run it again.",
)
EVERY_TARGET_BLOCKED = Code(
    "CMK520",
    title="every target is blocked",
    meaning="No target of the plan can be moved.",
    next="See each target's code.",
)
STUCK = Code(
    "CMK521",
    title="a resource stays as it is",
    meaning="It shows a state that passes by itself, such as Updating, and has shown it for an hour; nothing was sent meanwhile.",
    next="Look at the resource in the portal, where its operation may have failed or hang; then `resume` the run.",
)
UNDO_TOO_EARLY = Code(
    "CMK522",
    title="too early to undo",
    meaning="Azure still carries out what would be undone, or may: its answer was lost, and its worst case has not passed.",
    next="Roll back again once `verify` says it has ended, or at the time named. The other targets are undone now.",
)
RUN_UNFINISHED = Code(
    "CMK523",
    title="run unfinished",
    meaning="Its process has ended before its work, or is still at it: steps are left to do, or nobody has seen them end.",
    next="`resume` that run, or `rollback` it.",
)
RESOURCE_GONE = Code(
    "CMK524",
    title="a resource is not there any more",
    meaning="The run had begun it, and it was deleted since, or moved elsewhere: nothing is left to do of it, and nothing to undo.",
    next="Nothing, if it was deleted on purpose. If it was moved, make a new dry run that names it where it is now.",
)
LEASE_LOST = Code(
    "CMK530",
    title="lease lost",
    meaning="The leases of this run ran out before they could be renewed, or were taken: another process may write now.",
    next="Run `resume`: it waits for the old leases, then goes on from the journal.",
)
STORE_IS_TARGET = Code(
    "CMK531",
    title="the run stands on what it would change",
    meaning="It would write the storage account of its own run store, that account's vault or key, or the identity that runs it.",
    next="Keep the run store in another account, or move that resource from another store and as another identity.",
)
BUG = Code(
    "CMK599",
    title="a bug of ours",
    meaning="Something happened that the design rules out.",
    next="Report it with the journal; `resume` and `rollback` still work from it.",
)
