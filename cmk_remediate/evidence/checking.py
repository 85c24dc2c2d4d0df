"""Checking an evidence file: no network, no credentials, nothing but its bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cmk_remediate import codes, files
from cmk_remediate.api.judging import judge_run
from cmk_remediate.api.planning import own_version
from cmk_remediate.clock import format_utc, parse_utc
from cmk_remediate.engine import acceptance
from cmk_remediate.engine.preflight import SKEW_REFUSED
from cmk_remediate.errors import CmkError, EvidenceError
from cmk_remediate.evidence import container, members, sums
from cmk_remediate.evidence import manifest as manifests
from cmk_remediate.evidence.manifest import Manifest
from cmk_remediate.evidence.recording import Recorded
from cmk_remediate.evidence.run_on_file import RunOnFile, api_versions
from cmk_remediate.model.evidence import CheckedPart, EvidenceCheck
from cmk_remediate.model.records import RolledBack

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmk_remediate.model.result import Verification

ALTERED = 3
NOT_RIGHT = 2


async def check_evidence(path: str | Path) -> EvidenceCheck:
    """Say whether the evidence file at *path* is as it was made, and what it shows; asks nobody.

    Raises:
        InputError: CMK150 when it cannot be read, or is no evidence file.
        EvidenceError: CMK151 when too little of it is left to check: the zip is broken, or a member of it is missing.
    """
    name = files.shown(Path(path).name)
    with files.naming(path, codes.input_.EVIDENCE_UNREADABLE):
        data = files.read(path, container.LARGEST)
    found, damaged = container.read(data, members.ALL, name)
    _refuse_missing(found, name)
    manifest = Manifest.of(found[manifests.NAME])
    return await _Check(name, data, found, damaged, manifest).result()


def _refuse_missing(found: Mapping[str, bytes], name: str) -> None:
    of_rollback = any(one.startswith(members.ROLLBACK) for one in found)
    wanted = members.ALL if of_rollback else members.ALWAYS
    if missing := [one for one in wanted if one not in found]:
        raise EvidenceError(codes.input_.EVIDENCE_ALTERED, f"{missing[0]} is missing", resource=name)


class _Check:
    """One file being checked, part by part."""

    def __init__(
        self, name: str, data: bytes, found: Mapping[str, bytes], damaged: Sequence[str], manifest: Manifest
    ) -> None:
        self._name = name
        self._data = data
        self._members = found
        self._damaged = damaged
        self._manifest = manifest
        self._parts: list[CheckedPart] = []

    async def result(self) -> EvidenceCheck:
        """Return what was found."""
        if self._check_sums():
            self._check_zip()
        run = self._run(self._manifest.run, "")
        undone_by = self._rolled_back_by(run)
        last = self._run(undone_by, members.ROLLBACK) if undone_by else run
        told = tuple(dict.fromkeys(one for one in (run, last) if one is not None))
        if run is not None and last is not None:
            self._check_manifest(told)
        verification = await self._judged(last, run if undone_by else None) if last is not None else None
        altered = any(part.verdict == "altered" for part in self._parts)
        right = verification is not None and verification.exit_code == 0
        made = self._manifest
        return EvidenceCheck(
            file=self._name,
            sha256=container.digest(self._data),
            run=made.run,
            state=run.state.word if run is not None else "",
            made=f"{format_utc(made.at)} by {made.made_by or 'an unknown caller'} with {made.made_with}",
            accepted=tuple(_accepted(one) for one in told),
            parts=tuple(self._parts),
            verification=verification,
            ends=run.ends() if run is not None else (),
            undone=last.ends() if undone_by and last is not None else (),
            exit_code=ALTERED if altered else 0 if right else NOT_RIGHT,
        )

    def _right(self, part: str, text: str) -> None:
        self._parts.append(CheckedPart(part, "right", text))

    def _altered(self, part: str, text: str) -> None:
        self._parts.append(CheckedPart(part, "altered", text))

    def _check_sums(self) -> bool:
        wrong = [(name, "its bytes do not fit the zip's own checksum") for name in self._damaged]
        wrong += sums.wrong(self._members)
        for name, why in wrong:
            self._altered(name, why)
        if not wrong:
            self._right(sums.NAME, f"{len(self._members) - 1} members have the SHA-256 it lists")
        return not wrong

    def _check_zip(self) -> None:
        ordered = {name: self._members[name] for name in members.ALL if name in self._members}
        place = container.difference(self._data, ordered, self._manifest.at)
        if place:
            self._altered("the zip", place)
        else:
            self._right("the zip", "every byte outside of its members is as it was written")

    def _run(self, digest: str, folder: str) -> RunOnFile | None:
        """Return a run of the file, checked: review, journal, acceptances, and what follows from them."""
        review, journal = self._members[f"{folder}review.json"], self._members[f"{folder}journal.ndjson"]
        try:
            run = RunOnFile.of(digest, review, journal, folder)
        except CmkError as error:
            # One of our errors names the member, or what of it, and the line.
            self._altered(error.resource or f"{folder}journal.ndjson", error.cause)
            return None
        self._right(f"{folder}review.json", f"its digest, {digest[:8]}, is that of its contents")
        if not run.records or run.journal_bytes[-1:] != b"\n":
            self._altered(
                f"{folder}journal.ndjson", "it does not begin with the run's start, or does not end with a line"
            )
            return None
        self._right(
            f"{folder}journal.ndjson",
            f"{len(run.records)} records, each with the digest of the one before; of this review",
        )
        for name, data in run.members(folder).items():
            if self._members[name] != data:
                self._altered(name, "it does not say what review and journal say")
        self._check_accepted(run, folder)
        self._check_time(run, folder)
        return run

    def _check_manifest(self, told: tuple[RunOnFile, ...]) -> None:
        """Compare what evidence.json says of the run with what review, journal and bodies say."""
        try:
            wanted = {**told[0].identity(), "api_versions": api_versions(told, self._members[members.AFTER])}
        except (CmkError, KeyError, TypeError):
            return  # a line of after.ndjson is none: judging it says so
        if wrong := [name for name, value in wanted.items() if self._manifest.said.get(name) != value]:
            text = f"{', '.join(wrong)} in it: not what the other members say"
            self._altered(manifests.NAME, text)
        else:
            self._right(manifests.NAME, "it says of the run what the other members say")

    def _check_accepted(self, run: RunOnFile, folder: str) -> None:
        said = run.acceptances()
        try:
            acceptance.check(said["required"], said["accepted"])
        except CmkError as error:
            self._altered(
                f"{folder}journal.ndjson", f"its first record accepts what the review does not ask for: {error.cause}"
            )
        else:
            self._right(f"{folder}acceptances.json", _accepted(run))

    def _check_time(self, run: RunOnFile, folder: str) -> None:
        """Look whether it was made after the run's last record.

        Records bear the time of the machine that carried out the run, which may be off Azure's by what a run is not refused for.
        """
        times = [parse_utc(text) for text in (getattr(one, "at", "") for one in run.records) if text]
        if max(times) - SKEW_REFUSED > self._manifest.at:
            text = f"it was made at {format_utc(self._manifest.at)}, before the last record of {folder}journal.ndjson"
            self._altered(manifests.NAME, text)

    def _rolled_back_by(self, run: RunOnFile | None) -> str:
        """Return the run that undid this one; what journal, manifest and members say of it must be the same."""
        claimed = self._manifest.rolled_back_by
        in_file = members.OF_ROLLBACK[0] in self._members
        if run is None:
            return claimed if in_file else ""
        if run.state.rolled_back_by != claimed or bool(claimed) != in_file:
            said = next((one.by for one in run.records if isinstance(one, RolledBack)), "nothing")
            self._altered(manifests.NAME, f"it says that {claimed or 'nothing'} undid the run, the journal says {said}")
        return run.state.rolled_back_by if in_file else ""

    async def _judged(self, last: RunOnFile, undone: RunOnFile | None) -> Verification | None:
        """Judge the bodies anew, by the reviewed steps themselves, and compare with what was said of them.

        Args:
            last: the run whose result is to stand.
            undone: where that is a rollback, the run it undid.
        """
        after = members.AFTER
        try:
            recorded = Recorded(self._members[after], self._manifest.azure_at, after)
            before = undone.carried_out if undone is not None else None
            found = await judge_run(self._manifest.run, last.carried_out, recorded, undone=before)
        except EvidenceError as error:
            self._not_judged(after, error.cause, altered=error.code == codes.input_.EVIDENCE_ALTERED)
            return None
        except CmkError as error:
            self._not_judged(after, f"{error.cause} [{error.code}]")
            return None
        except Exception as error:  # noqa: BLE001 - a body that Azure never showed may be of any shape
            self._not_judged(after, f"a body in it is of a shape that no step knows ({type(error).__name__})")
            return None
        said = {str(one.get("id")): f"{one.get('verdict')} {one.get('code')}".strip() for one in self._manifest.targets}
        differs = [one for one in found.targets if said.get(one.id) != f"{one.verdict} {one.code}".strip()]
        if differs or len(said) != len(found.targets) or found.exit_code != self._manifest.exit_code:
            first = differs[0] if differs else None
            text = f"judged anew, {first.id} is {first.verdict}" if first else "judged anew, there are other targets"
            self._not_judged(after, f"{text}; {manifests.NAME} says {said.get(first.id) if first else len(said)}")
        else:
            self._right(
                after, f"judged anew against the reviewed lines, {len(said)} targets are as {manifests.NAME} says"
            )
        return found

    def _not_judged(self, part: str, text: str, *, altered: bool = False) -> None:
        """Say that bodies could not be judged as they were; another version of ours may be why, and else they were altered."""
        if altered or self._manifest.made_with == f"cmk_remediate {own_version()}":
            self._altered(part, text)
        else:
            self._parts.append(CheckedPart(part, "not judged", f"{text}; made with {self._manifest.made_with}"))


def _accepted(run: RunOnFile) -> str:
    """Return who accepted what of *run*'s review, and when, in a sentence."""
    said = run.acceptances()
    what = ", ".join(said["accepted"]) or "nothing had to be accepted"
    who = f" by {said['approver']}" if said["approver"] else ""
    return f"{what}{who}; run begun at {said['at']} by {said['caller'] or 'an unknown caller'}"
