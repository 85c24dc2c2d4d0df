"""evidence.json: what the evidence is of, who made it when and with what, and what was found; pure but for the versions."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import distributions
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.clock import format_utc, parse_utc
from cmk_remediate.errors import EvidenceError, InputError
from cmk_remediate.evidence.lines import document, pretty

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cmk_remediate.evidence.run_on_file import RunOnFile
    from cmk_remediate.model.result import Verification

NAME = "evidence.json"
FORMAT_VERSION = "1.0"
ABSENT = (
    "the plan file's own bytes: plan.json has its contents as they were validated, and the SHA-256 of the file",
    "texts whose name says that they are secret, tokens and signatures: they are taken out of every body",
    "files made beside the review: review.json has their SHA-256",
)
"""What is not in the file, in words."""
_BESIDE_SDKS = ("msal", "pydantic", "requests", "ruamel.yaml", "tenacity", "urllib3")


@dataclass(frozen=True)
class Manifest:
    """evidence.json, as far as a check goes by it.

    Attributes:
        run: whose evidence it is.
        rolled_back_by: the run that undid it; empty if none did.
        at: when it was made, Azure's clock.
        azure_at: Azure's clock when the bodies were read: the moment they are judged at.
        made_by: the object id of who made it.
        made_with: package and version.
        targets: what was found of each target.
        exit_code: of that verification.
        said: all of it.
    """

    run: str
    rolled_back_by: str
    at: datetime
    azure_at: datetime
    made_by: str
    made_with: str
    targets: tuple[dict[str, Any], ...]
    exit_code: int
    said: dict[str, Any]

    @classmethod
    def of(cls, data: bytes) -> Manifest:
        """Return what is in *data*.

        Raises:
            InputError: CMK150 when its format is one this version does not read.
            EvidenceError: CMK151 when it is not one of ours.
        """
        found = document(data, NAME)
        version = str(found.get("format_version"))
        if version.partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
            cause = f"its format is {version[:20]}, this version reads {FORMAT_VERSION}"
            raise InputError(codes.input_.EVIDENCE_UNREADABLE, cause, resource=NAME)
        try:
            made, verification = found["made"], found["verification"]
            return cls(
                run=str(found["run"]),
                rolled_back_by=str(found["rolled_back_by"] or ""),
                at=parse_utc(made["at"]),
                azure_at=parse_utc(made["azure_at"]),
                made_by=str(made["by"]),
                made_with=str(made["with"]),
                targets=tuple(dict(one) for one in verification["targets"]),
                exit_code=int(verification["exit_code"]),
                said=found,
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise EvidenceError(codes.input_.EVIDENCE_ALTERED, "it is not of its schema", resource=NAME) from error


def manifest(
    run: RunOnFile,
    found: Verification,
    *,
    at: datetime,
    azure_at: datetime,
    by: str,
    version: str,
    api_versions: Mapping[str, Sequence[str]],
) -> bytes:
    """Return evidence.json for *run*."""
    return pretty(
        {
            "format_version": FORMAT_VERSION,
            **run.identity(),
            "made": {
                "at": format_utc(at),
                "azure_at": format_utc(azure_at),
                "by": by,
                "with": f"cmk_remediate {version}",
            },
            "verification": {"targets": [asdict(one) for one in found.targets], "exit_code": found.exit_code},
            "versions": versions(version),
            "api_versions": api_versions,
            "absent": list(ABSENT),
        }
    )


def versions(own: str) -> dict[str, str]:
    """Return the versions of this package, of Python and of what talks to Azure, as they are installed here."""
    found = {str(one.metadata["Name"]).lower(): one.version for one in distributions() if one.metadata["Name"]}
    wanted = {name: found[name] for name in sorted(found) if name.startswith("azure-") or name in _BESIDE_SDKS}
    return {"cmk_remediate": own, "python": platform.python_version(), **wanted}
