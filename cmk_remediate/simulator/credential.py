"""A credential of the embedded Azure: it names a principal, and that is all it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from cmk_remediate.simulator.tokens import Claims, minted

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

FAR = 4102444800
"""2100-01-01, in seconds since 1970: SDKs renew by the machine's clock, which is not the one that counts here."""


class Token(NamedTuple):
    """A token as the SDKs read one.

    Attributes:
        token: the text of the Authorization header.
        expires_on: when the SDK should renew it, in seconds since 1970.
    """

    token: str
    expires_on: int


class SimulatedCredential:
    """Tokens for one principal.

    Attributes:
        object_id: the principal's object id.
        tenant: its tenant.
    """

    def __init__(self, object_id: str, tenant: str, now: Callable[[], float], lifetime: float = 0.0) -> None:
        """Make tokens good for *lifetime* seconds of *now*'s clock; 0 for ever."""
        self.object_id = object_id
        self.tenant = tenant
        self._now = now
        self._lifetime = lifetime

    async def get_token(self, *scopes: str, **_options: Any) -> Token:
        """Return a token for the first of *scopes*."""
        audience = scopes[0].removesuffix("/.default").rstrip("/")
        expires = self._now() + self._lifetime if self._lifetime else 0.0
        return Token(minted(Claims(self.object_id, self.tenant, audience, expires)), FAR)

    async def close(self) -> None:
        """Do nothing: nothing is held."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_details: object) -> None:
        return None
