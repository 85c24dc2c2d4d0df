"""What Azure makes up (principal ids, key versions, status URLs) is other here than in a recording; these are kept in step."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.recordings.recorded import Interaction

_MADE = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)
_ZERO = re.compile(r"[0-]+")


@dataclass
class Ids:
    """What stands for what.

    Attributes:
        known: by what was recorded, what it is here; lower case.
        given: everything clients sent so far: what they chose is the same on both sides.
        status_urls: by the path of a recorded status URL, the URL here.
    """

    known: dict[str, str] = field(default_factory=dict)
    given: str = ""
    status_urls: dict[str, str] = field(default_factory=dict)

    def sending(self, interaction: Interaction) -> tuple[str, Any]:
        """Return the URL and the body to send here."""
        self.given += f" {interaction.url} {json.dumps(interaction.sent)}".lower()
        url = self.status_urls.get(interaction.path.lower()) if interaction.method == "GET" else None
        sent = json.loads(self._here(json.dumps(interaction.sent)))
        return url or self._here(interaction.url), sent

    def learn(self, interaction: Interaction, body: Any, headers: dict[str, str]) -> None:
        """Note what the answer here has where the recorded one has something else."""
        for there, here in _texts(interaction.body, body):
            for made, own in zip(_MADE.findall(there), _MADE.findall(here), strict=False):
                if made.lower() not in self.given and not _ZERO.fullmatch(made):
                    self.known.setdefault(made.lower(), own)
        for name in ("azure-asyncoperation", "location"):
            path = unquote(urlsplit(interaction.headers.get(name, "")).path).lower()
            if path in interaction.status_paths and name in headers:
                self.status_urls[path] = headers[name]

    def _here(self, text: str) -> str:
        return _MADE.sub(lambda found: self.known.get(found[0].lower(), found[0]), text)


def _texts(there: Any, here: Any) -> Iterator[tuple[str, str]]:
    """Go through the texts that stand at the same place in both."""
    if isinstance(there, dict) and isinstance(here, dict):
        for name, value in there.items():
            yield from _texts(value, here.get(name))
    elif isinstance(there, list) and isinstance(here, list):
        for one, other in zip(there, here, strict=False):
            yield from _texts(one, other)
    elif isinstance(there, str) and isinstance(here, str) and there != here:
        yield there, here
