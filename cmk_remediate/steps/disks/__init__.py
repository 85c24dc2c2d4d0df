"""Disks and their encryption sets: what every service needs that moves disks."""

from __future__ import annotations

from cmk_remediate.model.codec import Registry
from cmk_remediate.steps.disks.create_disk_encryption_set import CreateDiskEncryptionSet
from cmk_remediate.steps.disks.encrypt_disk import EncryptDisk
from cmk_remediate.steps.disks.restore_disk import RestoreDisk

REGISTRY = Registry(CreateDiskEncryptionSet, EncryptDisk, RestoreDisk)
"""The steps on disks and sets by their kind."""

__all__ = ["REGISTRY", "CreateDiskEncryptionSet", "EncryptDisk", "RestoreDisk"]
