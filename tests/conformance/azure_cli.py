"""Azure's own command line, as an operator's shell would run it, led to a served embedded Azure and nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AZ = os.environ.get("CMK_REMEDIATE_AZ", "")
"""The setting: the path of `az`. `make conformance` installs one and sets it."""

CLOUD = "embedded"
_PATIENCE = 600
_UNSET = ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID")
"""Exported for SDKs; az is to sign in with its managed identity."""


@dataclass(frozen=True)
class AzureCli:
    """Runs `az` and scripts made of it.

    Attributes:
        folder: its configuration, and what else it keeps.
        exports: what the embedded Azure tells clients.
        time_scale: the embedded Azure's seconds in one of ours.
    """

    folder: Path
    exports: Mapping[str, str]
    time_scale: float

    def __call__(self, *arguments: str) -> Any:
        """Run one command and return what it prints, read as JSON; None where it prints nothing."""
        printed = self._run([AZ, *arguments]).strip()
        return json.loads(printed) if printed else None

    def script(self, path: Path) -> None:
        """Run *path* as bash does for a careful operator; it sleeps by the embedded Azure's clock."""
        self._run(["bash", "-e", "-u", "-o", "pipefail", str(path)])

    def sign_in(self) -> None:
        """Register the embedded Azure as a cloud, choose it and sign in."""
        self("cloud", "register", "--name", CLOUD, "--endpoint-resource-manager", self.exports["ARM_ENDPOINT"])
        self("cloud", "set", "--name", CLOUD)
        self("login", "--identity")

    def follow(self, exports: Mapping[str, str]) -> AzureCli:
        """Return the same, signed in as it is, led to another server."""
        moved = AzureCli(self.folder, exports, self.time_scale)
        moved("cloud", "update", "--name", CLOUD, "--endpoint-resource-manager", exports["ARM_ENDPOINT"])
        return moved

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(
            command, env=self._environment(), capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
        assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _environment(self) -> Mapping[str, str]:
        prelude = self.folder / "prelude.sh"
        scaled = f"awk -v s=\"$1\" 'BEGIN {{ print s / {self.time_scale} }}'"
        prelude.write_text(f'sleep() {{ command sleep "$({scaled})"; }}\n', encoding="utf-8")
        return {
            **{name: value for name, value in self.exports.items() if name not in _UNSET},
            "PATH": os.pathsep.join([str(Path(AZ).parent), os.environ["PATH"]]),
            "HOME": str(self.folder),
            "BASH_ENV": str(prelude),
            "AZURE_CONFIG_DIR": str(self.folder / "azure"),
            "AZURE_CORE_INSTANCE_DISCOVERY": "false",
            "AZURE_CORE_COLLECT_TELEMETRY": "false",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "true",
        }
