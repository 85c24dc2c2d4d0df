"""Tokens: asked for once a scope, kept until shortly before they expire, never shown."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.errors import CmkError, InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.clock import Clock
    from cmk_remediate.model.protocols import AsyncCredential

EARLY = 300
"""Seconds before its end at which a token is replaced."""

_SECRETS = re.compile(
    r"eyJ[\w-]+(\.[\w-]+)*|(?i:bearer)\s+\S+|(?i:(client_)?secret|password|assertion|token|sig)\s*[=:]\s*\S+"
)


def redact(text: str) -> str:
    """Return *text* without what looks like a token or a secret."""
    return _SECRETS.sub("(hidden)", text)


class Tokens:
    """The tokens of one credential, by scope."""

    def __init__(self, credential: AsyncCredential, clock: Clock) -> None:
        """Ask *credential*; judge expiry by *clock*."""
        self._credential = credential
        self._clock = clock
        self._kept: dict[str, tuple[str, float]] = {}
        self._claims: dict[str, str] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, scope: str) -> str:
        """Return a token for *scope*.

        Raises:
            InputError: CMK105 when the credential gives none.
        """
        async with self._locks.setdefault(scope, asyncio.Lock()):
            token, expires = self._kept.get(scope, ("", 0.0))
            if not token or expires - EARLY <= self._clock.now().timestamp():
                token, expires = await self._ask(scope)
                self._kept[scope] = (token, expires)
            return token

    def expiry(self, scope: str) -> float:
        """Return when the token kept for *scope* ends, in seconds since 1970; 0 where none is kept."""
        return self._kept.get(scope, ("", 0.0))[1]

    def refused(self, scope: str, token: str, claims: str) -> None:
        """Forget *token*, which Azure refused; the next one is asked for with *claims*, if any."""
        if self._kept.get(scope, ("", 0.0))[0] == token:
            del self._kept[scope]
            if claims:
                self._claims[scope] = claims

    async def claims_of(self, scope: str) -> Mapping[str, Any]:
        """Return what the token for *scope* says of its holder; not verified, and empty when it cannot be read.

        Raises:
            InputError: CMK105 when the credential gives none.
        """
        return decode(await self.get(scope))

    async def _ask(self, scope: str) -> tuple[str, float]:
        claims = self._claims.pop(scope, "")
        options = {"claims": claims} if claims else {}
        try:
            answer = await self._credential.get_token(scope, **options)
        except CmkError:
            raise
        except Exception as error:  # noqa: BLE001 - credentials raise what they like
            lines = str(error).strip().splitlines()
            said = redact(lines[0]) if lines else "it said nothing"
            raise InputError(
                codes.input_.CREDENTIAL_UNUSABLE,
                f"the credential gave no token for {scope.removesuffix('/.default')}: {said} ({type(error).__name__})",
                resource="credential",
            ) from None
        return str(answer.token), float(answer.expires_on)


def decode(token: str) -> Mapping[str, Any]:
    """Return the claims of a JSON web token, unverified; empty for anything else."""
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, claims, signature
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
