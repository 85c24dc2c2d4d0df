"""Bearer tokens of the embedded Azure: shaped like Entra's, signed by nobody."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Claims:
    """What a token says.

    Attributes:
        object_id: whose it is.
        tenant: where that principal lives.
        audience: what it is for.
        expires: until when it is good, in seconds on the embedded Azure's clock; 0 for ever.
    """

    object_id: str
    tenant: str
    audience: str
    expires: float


def minted(claims: Claims, more: Mapping[str, object] | None = None) -> str:
    """Return a token that says *claims*, and *more* that nobody here reads."""
    payload = {
        "aud": claims.audience,
        "iss": f"https://sts.windows.net/{claims.tenant}/",
        "oid": claims.object_id,
        "sub": claims.object_id,
        "tid": claims.tenant,
        "idtyp": "app",
        "ver": "1.0",
        "exp": int(claims.expires) or 4102444800,
        **(more or {}),
    }
    return ".".join((_part({"alg": "none", "typ": "JWT"}), _part(payload), "c2lnbmF0dXJl"))


@lru_cache(maxsize=256)
def read(token: str) -> Claims | None:
    """Return what *token* says, or None for no token of ours."""
    parts = token.split(".")
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        expires = float(payload["exp"])
        return Claims(payload["oid"], payload["tid"], payload["aud"], 0.0 if expires == 4102444800 else expires)  # noqa: PLR2004
    except (IndexError, KeyError, TypeError, ValueError):
        return None


def _part(data: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data, separators=(",", ":")).encode()).decode().rstrip("=")
