"""Takes out of a body what is a secret or can hold one. The value is dropped, never masked: a length would say something, too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cmk_remediate.inventory.kinds import VAULT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.json_types import JsonObject


def _of(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_WORDS = _of(
    "authorization cert certificate certificates cookie jwt login pass pem pfx pin pwd sas signature token tokens"
)
_PAIRS = frozenset(
    tuple(pair.split("-"))
    for pair in _of(
        "access-key account-key admin-key admin-user administrator-user administrator-login api-key client-key connection-string "
        "encryption-secret function-key host-key instrumentation-key license-key master-key primary-key private-key secondary-key "
        "shared-key ssh-key storage-key subscription-key system-key user-name workspace-key"
    )
)
_WITHIN = (
    "password", "passwd", "passphrase", "secret", "credential", "connectionstring", "accountkey", "accesskey", "privatekey",
    "apikey", "sharedkey", "masterkey", "sastoken",
)  # fmt: skip
"""What a name may hold run together, as tags do."""
_VALUES = (
    re.compile(r"[?&;](?:sig|sas|code|token|key|password|pwd|secret|api[-_]?key|access[-_]?token)=", re.IGNORECASE),
    re.compile(
        r"\b(?:AccountKey|SharedAccess\w*|SharedSecret\w*|Password|Pwd|Client_?Secret|Secret|ApiKey|Api[-_]Key|AccessKey"
        r"|User ?Id|Uid)\s*[=:]",
        re.IGNORECASE,
    ),
    re.compile(r"\bBearer\s+\S", re.IGNORECASE),
    re.compile(r"\beyJ[\w-]{6,}\.[\w-]{6,}"),  # a JSON Web Token
    re.compile(r"-----BEGIN"),
    re.compile(r"://[^/\s@]*:[^/\s@]*@"),  # a password in a URL
    re.compile(r"[\w.~-]{3}[78]Q~[\w.~-]{31,34}"),  # a client secret of Entra ID
    re.compile(r"(?<![\w+/=])[A-Za-z0-9+/]{42,}={1,2}(?![\w+/=])"),  # an account's key
)
_LONG = re.compile(r"[\w+/=~.-]{32,}")
_PLAIN = re.compile(r"[A-Za-z]{1,30}")
_STRUCTURE = _of(
    "id name type location serverkeyname keyname keyuri keyuriwithversion uri keyid keyurl thumbprint subregion tenantid objectid "
    "principalid clientid roledefinitionid policydefinitionid scope field actions notactions dataactions notdataactions "
    "assignablescopes notscopes"
)
"""Members that name something: long texts there are names."""
_DROPPED = frozenset(("etag", "createdby", "createdbytype", "updatedby", "lastmodifiedby", "lastmodifiedbytype"))
"""Of no use in a copy, or naming people."""
_SHELL = ("type", "strongType")
"""What stays of an object whose name says that it holds a secret: of a policy's parameter, its type."""
_ACCESS_POLICY = re.compile(r"properties\.accessPolicies\[\d+\]\.permissions")
_REFERENCE = re.compile(
    r"/(?:subscriptions|providers|tenants)/[^?#\s]+|https://[\w.-]+(?::443)?(?:/[^?#\s]*)?", re.IGNORECASE
)
_WORD_BEFORE = re.compile(r"\A[A-Za-z]{1,30}=(?=/)")
"""``UserAssignedIdentity=/subscriptions/...``: how Cosmos DB words its default identity (azure-mgmt-cosmosdb `defaultIdentity`)."""


def stripped(body: JsonObject) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return *body* without secrets, and the paths of what was taken out."""
    removed: list[str] = []
    kept = dict(_members(body, "", removed))
    return kept, tuple(removed)


def referring(properties: Any, vault_suffix: str) -> Any:
    """Return of a foreign resource's *properties* only the objects that name a vault, with their plain members; None for none.

    What else it holds is nobody's business here, and nobody here knows which of it is secret.
    """
    if isinstance(properties, Mapping):
        inner = {
            name: found for name, value in properties.items() if (found := referring(value, vault_suffix)) is not None
        }
        if any(_names_vault(value, vault_suffix) for value in properties.values()):
            inner |= {
                name: value
                for name, value in properties.items()
                if _harmless(value) or _names_vault(value, vault_suffix)
            }
        return inner or None
    if isinstance(properties, list):
        found = [one for value in properties if (one := referring(value, vault_suffix)) is not None]
        return found or None
    return properties if _names_vault(properties, vault_suffix) else None


def _names_vault(value: Any, suffix: str) -> bool:
    if not isinstance(value, str) or _REFERENCE.fullmatch(value) is None:
        return False
    host = value.lower().removeprefix("https://").partition("/")[0].removesuffix(":443")
    return host.endswith(f".{suffix}") or f"/providers/{VAULT.lower()}/" in value.lower()


def _harmless(value: Any) -> bool:
    """Say whether *value* is a switch, a word, a name or a reference."""
    if isinstance(value, str):
        return re.fullmatch(r"[\w.-]{1,127}", value) is not None or _REFERENCE.fullmatch(value) is not None
    return value is None or isinstance(value, bool)


def _members(body: JsonObject, path: str, removed: list[str]) -> Iterator[tuple[str, Any]]:
    for name, value in body.items():
        lower = name.lower()
        if lower in _DROPPED:
            continue
        where = f"{path}.{name}" if path else name
        if looks_secret(name):
            removed.append(f"{path}.(a name that looks like a secret)")
        elif _is_secret(name, value, path):
            removed.append(where)
            if isinstance(value, Mapping) and (shell := {one: value[one] for one in value if one in _SHELL}):
                yield name, shell
        elif isinstance(value, str) and _text_is_secret(lower, value):
            removed.append(where)
        else:
            yield name, _value(value, where, lower, removed)


def _value(value: Any, where: str, name: str, removed: list[str]) -> Any:
    if isinstance(value, Mapping):
        return dict(_members(value, where, removed))
    if not isinstance(value, (list, tuple)):
        return value
    kept = []
    for index, item in enumerate(value):
        at = f"{where}[{index}]"
        if isinstance(item, str) and _text_is_secret(name, item):
            removed.append(at)
        else:
            kept.append(_value(item, at, name, removed))
    return kept


def _is_secret(name: str, value: Any, path: str) -> bool:
    """Say whether a member called *name* can hold a secret; a switch cannot, nor the verbs of a vault's access policy."""
    if value is None or isinstance(value, bool):
        return False
    verbs = isinstance(value, list) and all(isinstance(item, str) and _PLAIN.fullmatch(item) for item in value)
    if verbs and _ACCESS_POLICY.fullmatch(path):
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    joined = "".join(words)
    return (
        any(part in joined for part in _WITHIN)
        or any(word in _WORDS for word in words)
        or any(pair in _PAIRS for pair in _neighbours(words))
    )


def _neighbours(words: list[str]) -> list[tuple[str, ...]]:
    singular = [word.removesuffix("s") if word.endswith(("keys", "strings", "logins")) else word for word in words]
    return list(pairwise(singular))


def _text_is_secret(name: str, text: str) -> bool:
    if any(pattern.search(text) for pattern in _VALUES):
        return True
    if name in _STRUCTURE or _REFERENCE.fullmatch(_WORD_BEFORE.sub("", text)):
        return False
    return looks_secret(text)


def looks_secret(text: str) -> bool:
    """Say whether *text* looks like a secret by itself: one of a known shape, or long, without a break, of mixed signs."""
    if any(pattern.search(text) for pattern in _VALUES):
        return True
    if text.startswith("/") or _LONG.fullmatch(text) is None:
        return False
    kinds = (str.isupper, str.islower, str.isdigit)
    return all(any(kind(sign) for sign in text) for kind in kinds)
