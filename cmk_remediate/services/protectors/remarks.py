"""What a reviewer should know about a server beside its steps; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.model.json_types import at_path
from cmk_remediate.model.review import Note
from cmk_remediate.services.protectors import per_vault
from cmk_remediate.steps.sql import sorts
from cmk_remediate.steps.sql.names import Protector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cmk_remediate.codes.code import Code
    from cmk_remediate.model.ids import ResourceId
    from cmk_remediate.services.protectors.facts import ServerFacts
    from cmk_remediate.services.protectors.group import Group

POLICY = "ac01ad65-10e5-46df-bdd9-6b0cad13e1d2"
"""Azure/azure-policy, SQL/SqlManagedInstance_EnsureServerTDEisEncrypted_Deny 2.0.0."""


def of_group(group: Group, *, blocked: bool) -> tuple[Note, ...]:
    """Return the notes on one target; on a blocked one only what was found, not what would be done."""
    notes = [note for server in group.servers for note in (*_policy(server), *_found(group, server))]
    if not blocked:
        notes.extend(_pinned(group))
        notes.extend(_joined(group))
        notes.extend(note for server in group.servers for note in _changed(group, server))
    return tuple(notes)


def on_vaults(groups: Iterable[Group]) -> Iterator[tuple[Group, Note]]:
    """Yield a note for the first target of each vault that would serve more databases than Azure advises."""
    first: dict[ResourceId, Group] = {}
    uses = []
    for group in groups:
        first.setdefault(group.vault, group)
        databases = [database for server in group.servers for database in server.databases]
        uses += [(group.vault, str(at_path(database.body, "sku.tier") or "")) for database in databases]
    for vault, text in per_vault.crowded(uses):
        yield first[vault], _note(codes.sql.DATABASES_PER_VAULT, vault, text)


def _policy(server: ServerFacts) -> Iterator[Note]:
    """Yield what Azure Policy would say of a managed instance, beside our own judgement."""
    if not sorts.is_instance(server.id) or server.server is None or server.protector is None:
        return
    named = "there" if at_path(server.server, "properties.keyId") else "absent"
    kind = at_path(server.protector, "properties.serverKeyType")
    verdict = "Compliant" if named == "there" and str(kind).lower() == "azurekeyvault" else "NonCompliant"
    text = f"Azure Policy {POLICY} would say {verdict} of {server.id.name}: keyId is {named}, serverKeyType is {kind}"
    yield _note(codes.sql_managed_instance.POLICY_SAYS, server.id, text)


def _found(group: Group, server: ServerFacts) -> Iterator[Note]:
    for database in server.databases:
        own = at_path(database.body, "properties.encryptionProtector")
        name = f"the database {database.id.name} of {server.id.name}"
        if own:
            beside = Protector.of(server.protector or {}).words()
            text = f"{name} has its own protector {own}, beside its server's {beside}"
            yield _note(codes.sql.DATABASE_OWN_KEY, database.id, text)
        if database.tde is None:
            yield _note(codes.sql.TDE_UNREADABLE, database.id, f"the encryption state of {name} was not shown")
        elif not database.is_encrypted and not group.wishes.enable_tde:
            yield _note(codes.sql.TDE_OFF, database.id, f"{name} is not encrypted")
        if database.scan in ("suspend", "aborted"):
            yield _note(codes.sql.TDE_SCAN_STOPPED, database.id, f"the encryption scan of {name} is {database.scan}")


def _pinned(group: Group) -> Iterator[Note]:
    """Yield by when somebody must rotate a pinned key: for the target, since `verify` calls the target wrong for it."""
    for server in group.servers:
        text = group.deadline(server)
        if text:
            yield _note(codes.vault.PINNED_KEY_EXPIRES, group.id, text)


def _joined(group: Group) -> Iterator[Note]:
    if len(group.servers) > 1:
        names = ", ".join(server.id.name for server in group.servers)
        yield _note(codes.sql.PARTNER_INCLUDED, group.id, f"moved together, in this order: {names}")
        if not group.compliant:
            yield _note(codes.sql.GEO_ROLLBACK_ORDER, group.id, "rollback takes the order that Azure allows")


def _unchanged(group: Group, server: ServerFacts) -> Iterator[Note]:
    if server.at_rest:
        state = at_path(server.server, "properties.state")
        text = f"properties.state of {server.id.name} is {state}: it was not asked whether it can use its key"
        yield _note(codes.sql_managed_instance.NOT_TRIED, server.id, text)
    if group.choice(server).identity is None:
        text = f"{server.id.name} reads its key as its system-assigned identity"
        yield _note(codes.sql.SYSTEM_ASSIGNED, server.id, text)


def _changed(group: Group, server: ServerFacts) -> Iterator[Note]:
    if group.uses_wanted(server):
        yield from _unchanged(group, server)
        return
    choice = group.choice(server)
    ours = group.wishes.identity_id(server.id)
    if choice.how == "keeps" and choice.identity is not None and choice.identity != ours:
        text = f"{server.id.name} keeps its primary identity {choice.identity.name}: that one gets the grant"
        yield _note(codes.notes.IDENTITY_KEPT_BY_RESOURCE, server.id, text)
    if choice.displaces:
        text = (
            f"{server.id.name} looks up Entra users as {choice.identity.name if choice.identity else ''} afterwards; give that "
            "identity Directory Readers, or User.Read.All, GroupMember.Read.All and Application.Read.All, first"
        )
        yield _note(codes.sql.IDENTITY_DISPLACED, server.id, text)
        if server.entra is None:
            text = f"whether {server.id.name} has an Entra administrator could not be read"
            yield _note(codes.sql.SOME_RIGHTS_UNKNOWN, server.id, text)
    if server.policy_wants_key and not server.is_customer:
        yield _note(codes.sql.ONE_PATCH, server.id, f"a policy denies {server.id.name} a body without a key")
        if sorts.is_instance(server.id):
            text = f"{server.id.name} gets its identity and its key at once, so it cannot try the key before"
            yield _note(codes.sql_managed_instance.NOT_PROVED_AHEAD, server.id, text)
    if server.is_customer:
        text = f"{server.id.name} leaves a customer key that its backups still need"
        yield _note(codes.sql.OLD_SERVER_KEYS, server.id, text)
    paused = [database.id.name for database in server.databases if database.status.lower() == "paused"]
    if paused:
        yield _note(codes.sql.PAUSED_DATABASE_RESUMES, server.id, f"paused databases are resumed: {', '.join(paused)}")
    if sorts.is_instance(server.id):
        text = f"whoever keeps {server.id.name} in Terraform or Bicep writes the key there as well"
        yield _note(codes.sql_managed_instance.TERRAFORM, server.id, text)
    text = f"a database of {server.id.name} restored from now on needs {group.key.name} in {group.vault.name}, all its versions"
    yield _note(codes.notes.RESTORE_NEEDS, server.id, text)


def _note(code: Code, scope: ResourceId, text: str) -> Note:
    return Note(code=str(code), scope=scope.text, text=text)
