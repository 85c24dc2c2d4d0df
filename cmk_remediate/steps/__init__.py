"""Steps that more than one service uses; each can be run on its own from a script."""

from __future__ import annotations

from cmk_remediate.model.codec import Registry
from cmk_remediate.steps.access_policy import AddAccessPolicy
from cmk_remediate.steps.assign_key_role import AssignKeyRole
from cmk_remediate.steps.create_identity import CreateIdentity
from cmk_remediate.steps.create_key import CreateKey
from cmk_remediate.steps.find_key import FindKey
from cmk_remediate.steps.protect_vault import ProtectVault
from cmk_remediate.steps.removed_grants import RemoveAccessPolicy, RemoveRole
from cmk_remediate.steps.restrict_vault import RestrictVault
from cmk_remediate.steps.rotation import RotationPolicy
from cmk_remediate.steps.set_rotation_policy import SetRotationPolicy
from cmk_remediate.steps.wait_for_access import WaitForAccess

REGISTRY = Registry(
    AddAccessPolicy,
    AssignKeyRole,
    CreateIdentity,
    CreateKey,
    FindKey,
    ProtectVault,
    RemoveAccessPolicy,
    RemoveRole,
    RestrictVault,
    SetRotationPolicy,
    WaitForAccess,
)
"""The shared steps by their kind."""

__all__ = [
    "REGISTRY",
    "AddAccessPolicy",
    "AssignKeyRole",
    "CreateIdentity",
    "CreateKey",
    "FindKey",
    "ProtectVault",
    "RestrictVault",
    "RotationPolicy",
    "SetRotationPolicy",
    "WaitForAccess",
]
