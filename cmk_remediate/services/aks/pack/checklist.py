"""What to do with a rebuild pack, in order, with downtime and the way back of each step; pure."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from cmk_remediate.model.json_types import at_path
from cmk_remediate.services.aks.pack.storage_classes import unknown
from cmk_remediate.services.aks.pack.words import code, word

if TYPE_CHECKING:
    from cmk_remediate.services.aks.choice import Wish
    from cmk_remediate.services.aks.pack.green import Green
    from cmk_remediate.steps.disks.facts import DiskFacts

_PAGE = Path(__file__).with_name("checklist.md")
_TAGS = ("kubernetes.io-created-for-pvc-namespace", "kubernetes.io-created-for-pvc-name")
"""kubernetes-sigs/azuredisk-csi-driver: whose claim a volume was made for."""
_READER = """
- [ ] It has an identity of its own: make it Reader on the set, or no volume can be attached.

```sh
az role assignment create --role Reader --assignee-principal-type ServicePrincipal \\
  --assignee-object-id "$(az aks show --subscription {subscription} -g {group} -n {name} --query identity.principalId -o tsv)" \\
  --scope {scope}
```
"""


def checklist(wish: Wish, made: Green) -> str:
    """Return the checklist as Markdown."""
    old, new = wish.id, wish.facts.new.id
    group, subscription = word(new.resource_group), word(new.subscription)
    scope = word(str(made.body["properties"]["diskEncryptionSetID"]))
    reader = _READER.format(subscription=subscription, group=group, name=word(new.name), scope=scope)
    names = unknown(wish.facts.old.volumes)
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(
        old=code(old.name),
        old_word=word(old.name),
        new=code(new.name),
        group=group,
        subscription=subscription,
        nodes=code(wish.facts.old.nodes.name if wish.facts.old.nodes else "the node resource group"),
        password=" It asks for the password of Windows nodes." if made.has_password else "",
        reader="" if made.identity else reader,
        unknown=f"\n- [ ] There is no class for the kind of disk of {', '.join(map(code, names))}." if names else "",
        volumes=_volumes(wish),
        left_out=_left_out(made),
    )


def _volumes(wish: Wish) -> str:
    moving, left = {one.id for one in wish.moving}, {one.id: why for one, why in wish.left}
    rows = [_row(one, moving=one.id in moving, why=left.get(one.id, "")) for one in wish.facts.old.volumes]
    head = "| volume | claim | kind | GiB | what becomes of it |\n| --- | --- | --- | --- | --- |\n"
    return head + "\n".join(rows) if rows else "None."


def _row(volume: DiskFacts, *, moving: bool, why: str) -> str:
    tags = at_path(volume.body, "tags") or {}
    claim = "/".join(str(tags.get(name) or "?") for name in _TAGS)
    size = at_path(volume.body, "properties.diskSizeGB")
    end = "moved to the set by the apply" if moving else code(why) if why else "on the set already"
    sku = code(str(at_path(volume.body, "sku.name")))
    return f"| {code(volume.id.name)} | {code(claim)} | {sku} | {code(str(size))} | {end} |"


def _left_out(made: Green) -> str:
    lines = [f"- {code(path)}: it {why}" for path, why in made.left_out]
    lines.append("- `servicePrincipalProfile`: the new cluster has a managed identity")
    lines.append("- what Kubernetes itself holds: objects, secrets, custom resources, certificates")
    return "\n".join(lines)
