"""What must have been there before a recording began: what it reads, overwrites or deletes without having made it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from cmk_remediate.model.ids import ResourceId
from tests.conformance.recordings.recorded import ARM, Interaction

_MADE_WITH_201 = ("microsoft.managedidentity/userassignedidentities", "microsoft.resources/resourcegroups")
"""Types whose PUT answers 201 for what is new: 200 means that it was there."""
_TENANT = "00000000-0000-0000-0000-00000000000f"
_NOBODY = "00000000-0000-0000-0000-0000000000aa"
_COSMOS_DB = "e5007d2c-4b13-4a74-9b6a-605d99f03501"
"""Cosmos DB's own principal in the tenant of the Azure CLI's recordings."""
_SHORTENED = "/resources"
"""A list that leaves properties out."""


def estate(recording: Sequence[Interaction], kinds: Collection[str]) -> dict[str, Any]:
    """Return the estate that *recording* found; *kinds* are the types that can be there, in lower case."""
    tenant = _tenant(recording)
    subscriptions = sorted({one.path.split("/")[2] for one in recording if one.path.startswith("/subscriptions/")})
    return {
        "operator": {"object_id": _caller(recording), "tenant": tenant, "role": ["Owner", "Key Vault Administrator"]},
        "subscriptions": [{"subscriptionId": one, "tenantId": tenant} for one in subscriptions],
        "principals": {_COSMOS_DB: {"name": "Azure Cosmos DB", "clientId": "a232010e-820c-4083-83bb-3ace5fc29d0b"}},
        "resources": _Found(recording, kinds).resources(),
    }


@dataclass
class _Found:
    """What was there.

    Attributes:
        there: bodies, by id in lower case.
        made: the ids of what the recording itself made.
    """

    recording: Sequence[Interaction]
    kinds: Collection[str]
    there: dict[str, dict[str, Any]] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)

    def resources(self) -> list[dict[str, Any]]:
        for one in self.recording:
            if one.host == ARM and one.status < 300:
                self._note(one)
        self._groups()
        self._vaults()
        return list(self.there.values())

    def _note(self, one: Interaction) -> None:
        key = one.path.lower()
        body = one.body if isinstance(one.body, dict) else {}
        if one.method == "GET" and isinstance(body.get("value"), list) and not key.endswith(_SHORTENED):
            for item in body["value"]:
                self._add(item, str(item.get("id", "")).lower())
        if key not in self.made:
            kind = str(body.get("type", "")).lower()
            if one.method == "GET" or (one.method == "PUT" and one.status == 200 and kind in _MADE_WITH_201):
                self._add(body, key)
            if one.method == "DELETE" and one.status == 200:
                self._add(self._later(one), key)
        if one.method == "PUT" or key in self.there:
            self.made.add(key)

    def _add(self, body: dict[str, Any], key: str) -> None:
        """Note a resource that was there; one that the recording deleted is in the lists of the deleted, too."""
        former = str((body.get("properties") or {}).get("vaultId", "")).lower()
        own = key in self.made or former in self.made or former in self.there
        known = ResourceId(key).type.lower() in self.kinds if key.startswith("/subscriptions/") else False
        if known and not own and str(body.get("id", "")).lower() == key:
            self.there.setdefault(key, body)

    def _later(self, deleted: Interaction) -> dict[str, Any]:
        """Return the body that a later answer shows of what *deleted* removed."""
        for one in self.recording:
            if one.path.lower() == deleted.path.lower() and isinstance(one.body, dict) and one.status < 300:
                return one.body
        return {}

    def _groups(self) -> None:
        for one in self.recording:
            parts = one.path.split("/")
            group = "/".join(parts[:5])
            inside = one.host == ARM and len(parts) > 4 and parts[3].lower() == "resourcegroups"
            if inside and group.lower() not in self.made and one.status < 300:
                self.there.setdefault(group.lower(), {"id": group, "location": "westeurope"})

    def _vaults(self) -> None:
        """Add the vaults that are asked for keys and never looked at."""
        names = {key.rpartition("/")[2] for key in (*self.there, *self.made)}
        groups = [one.path.split("/")[:5] for one in self.recording if "/resourcegroups/" in one.path.lower()]
        sent = [one.sent.get("location") for one in self.recording if isinstance(one.sent, dict)]
        place = next((one for one in sent if one), "westeurope")
        for host in sorted({one.host for one in self.recording if one.host.endswith(".vault.azure.net")}):
            name = host.split(".")[0]
            if name not in names:
                vault = "/".join([*groups[0], "providers/Microsoft.KeyVault/vaults", name])
                properties = {"enableRbacAuthorization": True, "enableSoftDelete": True, "softDeleteRetentionInDays": 7}
                if self._is_for_a_set(host):
                    properties["enablePurgeProtection"] = True
                self.there[vault.lower()] = {"id": vault, "location": place, "properties": properties}

    def _is_for_a_set(self, host: str) -> bool:
        """Say whether an encryption set was made on a key of the vault at *host*: Azure takes none without purge protection."""
        sent = [one.sent for one in self.recording if one.method == "PUT" and isinstance(one.sent, dict)]
        keys = [((one.get("properties") or {}).get("activeKey") or {}).get("keyUrl") or "" for one in sent]
        return any(f"//{host}/" in str(one) for one in keys)


def _caller(recording: Sequence[Interaction]) -> str:
    """Return who made the recording: whom most vaults let create keys."""
    votes: Counter[str] = Counter()
    for one in recording:
        for body in (one.body, one.sent):
            properties = body.get("properties") if isinstance(body, dict) else None
            for entry in (properties.get("accessPolicies") or ()) if isinstance(properties, dict) else ():
                keys = {str(name).lower() for name in (entry.get("permissions") or {}).get("keys") or ()}
                votes[str(entry["objectId"])] += bool(keys & {"create", "all"})
    most = votes.most_common(1)
    return most[0][0] if most and most[0][1] else _NOBODY


def _tenant(recording: Sequence[Interaction]) -> str:
    for one in recording:
        properties = one.body.get("properties") if isinstance(one.body, dict) else None
        if isinstance(properties, dict) and properties.get("tenantId"):
            return str(properties["tenantId"])
    return _TENANT
