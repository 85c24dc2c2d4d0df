"""What happens to accounts by itself: keys rotate, keys become unreachable and reachable again.

learn.microsoft.com, "Customer-managed keys for Azure Storage encryption": a new version is looked for once a day; where a key is
revoked, requests for blobs are answered 403 until access is back. How soon is not said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.access import covers
from cmk_remediate.simulator.declare import Event, Json, Say, Schedule, SetHidden, SetResource, Switch
from cmk_remediate.simulator.identities import attached
from cmk_remediate.simulator.providers.common import CONSUMERS, VAULT, parse_key_uri, properties_of
from cmk_remediate.simulator.providers.key_access import hindrance
from cmk_remediate.simulator.providers.storage.names import (
    ACCOUNT,
    encryption_of,
    key_text,
    principal_of,
    scope_key,
    scopes_of,
    versioned,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

LOOKS = "storage.looks-at-its-keys"
FOLLOWS = "storage.follows-its-keys"
CONSEQUENCES = Switch("storage-closed", "An account that cannot use a key answers 403 to requests for its blobs.")
ROTATION = Switch("storage-rotation", "A key named without a version is followed within a day.")

_CLOSES = (60.0, 900.0)
_FOLLOWS = (3600.0, 86400.0)
_AGAIN = 600.0
_GIVES_UP = 7 * 86400.0


def keys_of(world: World, account: ResourceId) -> list[str]:
    """Return the URIs of the keys that an account and its encryption scopes name."""
    named = [key_text(world.get(account)), *(scope_key(body) for _, body in scopes_of(world, account))]
    return [text for text in dict.fromkeys(named) if text]


def trouble(world: World, account: ResourceId) -> str:
    """Return what keeps an account, or a scope of it, from its key now; an expired key still opens."""
    principal = principal_of(world, world.get(account))
    found = [hindrance(world, account, principal, text) for text in keys_of(world, account)]
    return next((why for why in found if why not in ("", "expired")), "")


def _concerned(world: World, changed: str) -> Iterator[ResourceId]:
    """Go through the accounts whose keys *changed* (an id in lower case) may have touched."""
    vaults = {
        key.rsplit("/", 1)[1]
        for key in world.index.of_type(VAULT.lower())
        if covers(changed, key) or covers(key, changed)
    }
    for account, body in world.by_type(ACCOUNT):
        uris = [uri for uri in map(parse_key_uri, keys_of(world, account)) if uri is not None]
        through = changed in {name.lower() for name in attached(body.get("identity"))}
        if uris and (account.key == changed or through or any(uri.vault in vaults for uri in uris)):
            yield account


def review(world: World, changed: str) -> Iterator[Change]:
    """Look again at the accounts that what *changed* may concern."""
    for account in _concerned(world, changed):
        if world.switch(CONSEQUENCES.name) and trouble(world, account) and not closed(world, account):
            seconds = world.draw(*_CLOSES, "looks", account.key, int(world.stamp))
            yield Schedule(seconds, LOOKS, {"account": str(account)}, f"looks:{account.key}")


def watches(world: World, account: ResourceId) -> Schedule:
    """Return the timer at which an account next looks for new versions of its keys."""
    seconds = world.draw(*_FOLLOWS, "follows", account.key, int(world.stamp))
    return Schedule(seconds, FOLLOWS, {"account": str(account)}, f"follows:{account.key}")


def closed(world: World, account: ResourceId) -> bool:
    """Say whether an account answers 403 to requests for its blobs."""
    return bool(world.hidden(account).get("closed"))


def _look(world: World, data: Json) -> Iterator[Change]:
    """Close an account that cannot use a key; open it again when it can; look again while it cannot."""
    account = world.spelled(data["account"])
    if world.get(account) is None:
        return
    since = float(data.get("since", world.stamp))
    why, was = trouble(world, account), closed(world, account)
    if why and not was:
        yield SetHidden(account, {"closed": True})
        yield Say(f"the storage account {account.name} answers 403: it cannot use a key ({why})")
    if was and not why:
        yield SetHidden(account, {"closed": False})
        yield Say(f"the storage account {account.name} can use its keys again")
    elif why and world.stamp - since < _GIVES_UP:
        yield Schedule(_AGAIN, LOOKS, {**data, "since": since}, f"looks:{account.key}")


def _follow(world: World, data: Json) -> Iterator[Change]:
    account = world.spelled(data["account"])
    body = world.get(account)
    if body is None or not keys_of(world, account) or not world.switch(ROTATION.name):
        return
    yield watches(world, account)
    encryption = encryption_of(body)
    newer = _newer(world, key_text(body), encryption.get("keyvaultproperties") or {})
    if newer is not None:
        properties = {**properties_of(body), "encryption": {**encryption, "keyvaultproperties": newer}}
        yield SetResource(account, {**body, "properties": properties})
        yield Say(f"the storage account {account.name} follows its key to a new version")
    for scope, found in scopes_of(world, account):
        key = properties_of(found).get("keyVaultProperties") or {}
        moved = _newer(world, scope_key(found), key)
        if moved is not None:
            yield SetResource(scope, {**found, "properties": {**properties_of(found), "keyVaultProperties": moved}})


def _newer(world: World, text: str, key: Json) -> Json | None:
    """Return *key* at the latest version of the key *text*, or None where it is at that."""
    latest = versioned(world, text)
    if not text or latest.lower() == str(key.get("currentVersionedKeyIdentifier") or "").lower():
        return None
    return {**key, "currentVersionedKeyIdentifier": latest, "lastKeyRotationTimestamp": world.iso()}


CONSUMERS.append(review)

EVENTS = (Event(LOOKS, _look), Event(FOLLOWS, _follow))
