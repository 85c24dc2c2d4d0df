"""Tokens: asked for once a scope, renewed shortly before they expire, used until they do; never shown.

A credential that fails now and then costs nothing as long as the old token is good: a run may have stopped a machine.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import logging
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.errors import CmkError, NoTokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cmk_remediate.clock import Clock
    from cmk_remediate.model.protocols import AsyncCredential

LOGGER = logging.getLogger("cmk_remediate.connection")

EARLY = 300
"""Seconds before its end at which a token is replaced (`azure.core.pipeline.policies._authentication`)."""
RETRY = 30
"""Seconds until a new one is asked for again while the old one is good (azure-identity: `DEFAULT_TOKEN_REFRESH_RETRY_DELAY`)."""
ATTEMPTS = 6
"""Attempts without any good one, of a credential that has given some before; 1, 2, 4 ... s apart (our choice)."""

_SECRETS = re.compile(
    r"eyJ[\w-]+(\.[\w-]+)*|(?i:bearer)\s+\S+|(?i:(client_)?secret|password|assertion|token|sig)\s*[=:]\s*\S+"
)


def redact(text: str) -> str:
    """Return *text* without what looks like a token or a secret."""
    return _SECRETS.sub("(hidden)", text)


@dataclass(frozen=True)
class _Kept:
    """A token; when it ends, and from when on a new one is asked for, in seconds since 1970."""

    token: str
    expires: float
    due: float


class Tokens:
    """The tokens of one credential, by scope."""

    def __init__(self, credential: AsyncCredential, clock: Clock, *, attempts: int = ATTEMPTS) -> None:
        """Ask *credential*, at most *attempts* times in a row; judge expiry by *clock*."""
        self._credential = credential
        self._clock = clock
        self._attempts = attempts
        self._kept: dict[str, _Kept] = {}
        self._given: set[str] = set()
        self._failed: dict[str, NoTokenError] = {}
        self._claims: dict[str, str] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def get(self, scope: str) -> str:
        """Return a token for *scope*: the old one as long as it is good, where the credential gives no new one.

        Raises:
            NoTokenError: CMK105 when there is no good one and the credential gives none, asked several times if it has before.
        """
        before = self._failed.get(scope)
        async with self._locks.setdefault(scope, asyncio.Lock()):
            failed = self._failed.get(scope)
            if failed is not None and failed is not before:
                raise failed  # whoever had the lock has tried for all who waited
            kept, now = self._kept.get(scope), self._now()
            if kept is not None and now < kept.due:
                return kept.token
            kept = await (self._renewed(scope, kept) if kept is not None and now < kept.expires else self._new(scope))
            self._kept[scope] = kept
            return kept.token

    def expiry(self, scope: str) -> float:
        """Return when the token kept for *scope* ends, in seconds since 1970; 0 where none is kept."""
        kept = self._kept.get(scope)
        return 0.0 if kept is None else kept.expires

    def gave(self, scope: str) -> bool:
        """Say whether the credential has ever given a token for *scope*: then a failure of its passes, else it may not."""
        return scope in self._given

    def refused(self, scope: str, token: str, claims: str) -> None:
        """Forget *token*, which Azure refused; the next one is asked for with *claims*, if any."""
        kept = self._kept.get(scope)
        if kept is not None and kept.token == token:
            del self._kept[scope]
            if claims:
                self._claims[scope] = claims

    async def claims_of(self, scope: str) -> Mapping[str, Any]:
        """Return what the token for *scope* says of its holder; not verified, and empty when it cannot be read.

        Raises:
            NoTokenError: as `get`.
        """
        return decode(await self.get(scope))

    async def _renewed(self, scope: str, old: _Kept) -> _Kept:
        """Return a new token; *old*, to be renewed a little later, where the credential gives none."""
        try:
            return await self._ask(scope)
        except NoTokenError as error:
            LOGGER.info("the token of before is used on until it ends: %s", error.cause)
            return replace(old, due=min(self._now() + RETRY, old.expires))

    async def _new(self, scope: str) -> _Kept:
        """Return a token where there is no good one."""
        attempt = 1
        while True:
            try:
                found = await self._ask(scope)
            except NoTokenError as error:
                if attempt >= self._attempts or not self.gave(scope):
                    self._failed[scope] = error
                    raise
            else:
                self._failed.pop(scope, None)
                return found
            await self._clock.sleep(2.0 ** (attempt - 1))
            attempt += 1

    def _now(self) -> float:
        return self._clock.now().timestamp()

    async def _ask(self, scope: str) -> _Kept:
        """Ask the credential once."""
        claims = self._claims.get(scope, "")
        options = {"claims": claims} if claims else {}
        try:
            answer = await self._credential.get_token(scope, **options)
            token, expires = str(answer.token), float(answer.expires_on)
            early = float(getattr(answer, "refresh_on", None) or expires)  # `azure.core.credentials.AccessTokenInfo`
        except CmkError as error:
            raise NoTokenError(error.code, error.cause, resource=error.resource, hint=error.hint) from None
        except Exception as error:  # noqa: BLE001 - credentials raise what they like
            lines = str(error).strip().splitlines()
            said = redact(lines[0]) if lines else "it said nothing"
            raise NoTokenError(
                codes.input_.CREDENTIAL_UNUSABLE,
                f"the credential gave no token for {scope.removesuffix('/.default')}: {said} ({type(error).__name__})",
                resource="credential",
            ) from None
        self._claims.pop(scope, None)
        self._given.add(scope)
        return _Kept(token, expires, min(early, expires - EARLY))


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
