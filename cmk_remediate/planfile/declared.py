"""What each service takes, as far as the plan file alone can be judged by it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Declared:
    """What a plan of one service may declare.

    Attributes:
        resource_type: the ARM type of its targets.
        key_types: the key types the service takes.
        key_sizes: their sizes, in bits.
        name_limit: how many characters the vault's and the key's name may have together; 0 for no limit.
        source: where this is documented.
    """

    resource_type: str
    key_types: tuple[str, ...]
    key_sizes: tuple[int, ...]
    name_limit: int
    source: str


DECLARED: Mapping[str, Declared] = MappingProxyType(
    {
        # A server key is called <vault>_<key>_<version>, in a field of 128 characters.
        "sql": Declared(
            "Microsoft.Sql/servers",
            ("RSA", "RSA-HSM"),
            (2048, 3072),
            94,
            "learn.microsoft.com, Azure SQL transparent data encryption with customer-managed key, requirements",
        ),
    }
)
"""By the plan's `service`."""
