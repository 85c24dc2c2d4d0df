"""What happens to accounts by itself: keys rotate, keys become unreachable and reachable again.

learn.microsoft.com, "Configure customer-managed keys for Azure Cosmos DB": a new version is followed by itself; an account
whose key cannot be used is revoked, and comes back up to an hour after access has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate.simulator.access import covers
from cmk_remediate.simulator.declare import Event, Json, Say, Schedule, SetHidden, SetResource, Switch
from cmk_remediate.simulator.providers.common import CONSUMERS, VAULT, parse_key_uri, properties_of
from cmk_remediate.simulator.providers.cosmosdb.former import remembered
from cmk_remediate.simulator.providers.cosmosdb.keyuse import trouble
from cmk_remediate.simulator.providers.cosmosdb.names import ACCOUNT, CONFIRMED, REVOKED, revoked, version_in_use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.simulator.declare import Change
    from cmk_remediate.simulator.world import World

LOOKS = "cosmosdb.looks-at-its-key"
FOLLOWS = "cosmosdb.follows-its-key"
CONSEQUENCES = Switch("cosmos-revoked", "An account that cannot use its key is revoked within an hour.")
ROTATION = Switch("cosmos-rotation", "A key named without a version is followed within an hour.")

_WITHIN = (600.0, 3600.0)
_AGAIN = 1800.0
_GIVES_UP = 7 * 86400.0


def _concerned(world: World, changed: str) -> Iterator[tuple[ResourceId, str]]:
    """Go through the accounts whose key *changed* (an id in lower case) may have touched, with the key's URI."""
    vaults = {
        key.rsplit("/", 1)[1]
        for key in world.index.of_type(VAULT.lower())
        if covers(changed, key) or covers(key, changed)
    }
    key = changed.partition("/keys/")[2].split("/", maxsplit=1)[0] if "/vaults/" in changed else ""
    for account, body in world.by_type(ACCOUNT):
        text = str(properties_of(body).get("keyVaultKeyUri") or "")
        uri = parse_key_uri(text) if text else None
        if uri is None:
            continue
        attached = ((body.get("identity") or {}).get("userAssignedIdentities")) or {}
        named = uri.vault in vaults and key in ("", uri.key)
        if named or account.key == changed or changed in {name.lower() for name in attached}:
            yield account, text


def review(world: World, changed: str) -> Iterator[Change]:
    """Look again at the accounts that what *changed* may concern."""
    for account, text in _concerned(world, changed):
        if world.switch(CONSEQUENCES.name) and trouble(world, account, text) and not revoked(world.get(account)):
            yield Schedule(_delay(world, account, "looks"), LOOKS, {"account": str(account)}, f"looks:{account.key}")


def watches(world: World, account: ResourceId) -> Schedule:
    """Return the timer at which an account next looks for a new version of its key."""
    return Schedule(_delay(world, account, "follows"), FOLLOWS, {"account": str(account)}, f"follows:{account.key}")


def _delay(world: World, account: ResourceId, what: str) -> float:
    return world.draw(*_WITHIN, what, account.key, int(world.stamp))


def _newer(world: World, account: ResourceId) -> str:
    """Return the version of its key that an account does not use yet, or empty."""
    properties = properties_of(world.get(account))
    latest = version_in_use(world, str(properties.get("keyVaultKeyUri") or ""))
    return latest if latest and latest != properties.get("keyVaultKeyUriVersion") else ""


def _look(world: World, data: Json) -> Iterator[Change]:
    """Revoke an account that cannot use its key; let it come back when it can; look again while it cannot."""
    account = world.spelled(data["account"])
    body = world.get(account)
    text = str(properties_of(body).get("keyVaultKeyUri") or "")
    if body is None or not text:
        return
    since = float(data.get("since", world.stamp))
    number, was = trouble(world, account, text), revoked(body)
    if number and not was:
        yield _status(account, body, f"{REVOKED}. {number}")
        yield Say(f"the account {account.name} is revoked: it cannot use its key ({number})")
    if was and not number:
        yield _status(account, body, CONFIRMED)
        yield Say(f"the account {account.name} can use its key again")
    elif number and world.stamp - since < _GIVES_UP:
        yield Schedule(_AGAIN, LOOKS, {**data, "since": since}, f"looks:{account.key}")


def _status(account: ResourceId, body: Json, text: str) -> SetResource:
    return SetResource(account, {**body, "properties": {**properties_of(body), "customerManagedKeyStatus": text}})


def _follow(world: World, data: Json) -> Iterator[Change]:
    account = world.spelled(data["account"])
    body, latest = world.get(account), _newer(world, account)
    if not properties_of(body).get("keyVaultKeyUri") or not world.switch(ROTATION.name):
        return
    yield watches(world, account)
    if body is None or not latest or world.running(account) is not None:
        return
    yield SetHidden(account, {"former": remembered(world, account, body)})
    yield SetResource(account, {**body, "properties": {**properties_of(body), "keyVaultKeyUriVersion": latest}})
    yield Say(f"the account {account.name} follows its key to the version {latest}")


CONSUMERS.append(review)

EVENTS = (Event(LOOKS, _look), Event(FOLLOWS, _follow))
