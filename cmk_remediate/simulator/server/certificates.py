"""A certificate authority of one server's own, made when it starts and trusted by whoever is told to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import trustme

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Certificates:
    """Where the files are.

    Attributes:
        authority: the authority's certificate, for clients to trust.
        server: the server's key and certificate; only its owner may read it.
    """

    authority: Path
    server: Path


def made(names: Iterable[str], authority: Path, folder: Path) -> Certificates:
    """Make an authority and a certificate for the host *names*, wildcards among them; the key of the authority is not kept."""
    issuer = trustme.CA(organization_name="cmk-remediate embedded Azure")
    leaf = issuer.issue_cert(*names)
    server = folder / "server.pem"
    server.touch(mode=0o600)
    leaf.private_key_and_cert_chain_pem.write_to_path(str(server))
    issuer.cert_pem.write_to_path(str(authority))
    return Certificates(authority, server)
