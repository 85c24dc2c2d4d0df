"""Where a run store is: a folder, or a prefix in a container of blob storage."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from cmk_remediate import codes
from cmk_remediate.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

BLOB_SUFFIXES: Mapping[str, str] = MappingProxyType(
    {
        "AzureCloud": "blob.core.windows.net",
        "AzureUSGovernment": "blob.core.usgovcloudapi.net",
        "AzureChinaCloud": "blob.core.chinacloudapi.cn",
    }
)
"""The blob endpoint's suffix in each cloud (learn.microsoft.com, "Azure Government: compare with global Azure" and "Azure in
China: developer guide", endpoint tables)."""

# learn.microsoft.com, "Naming and referencing containers, blobs, and metadata" and "Storage account overview".
_URL = re.compile(
    r"https://(?P<account>[a-z0-9]{3,24})\.(?P<suffix>[a-z0-9.]+)/(?P<container>[a-z0-9](?:-?[a-z0-9]){2,62})"
    r"(?P<prefix>(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)/?"
)
_HOST = re.compile(r"^https://[^/]*", re.IGNORECASE)


@dataclass(frozen=True)
class RunAddress:
    """A run store in blob storage.

    Attributes:
        account: the storage account's name.
        cloud: the cloud whose suffix the host has.
        container: the container's name; it has to exist.
        prefix: what the names of all blobs begin with, without slashes at its ends; may be empty.
    """

    account: str
    cloud: str
    container: str
    prefix: str

    @property
    def host(self) -> str:
        """The one host that is asked."""
        return f"{self.account}.{BLOB_SUFFIXES[self.cloud]}"

    @property
    def text(self) -> str:
        """The URL as reviews carry it."""
        return "/".join(part for part in (f"https://{self.host}", self.container, self.prefix) if part)


def is_remote(text: str) -> bool:
    """Say whether *text* is a URL, not a path."""
    return "://" in text


def parse_address(text: str) -> RunAddress:
    """Return the run store at the URL *text*.

    Raises:
        InputError: CMK122 when it is not ``https://ACCOUNT.blob.SUFFIX/CONTAINER/PREFIX`` of one of the clouds.
    """
    found = _URL.fullmatch(_HOST.sub(lambda host: host[0].lower(), text.strip()))
    cloud = next((name for name, suffix in BLOB_SUFFIXES.items() if found and suffix == found["suffix"]), None)
    if found is None or cloud is None:
        cause = "it is not https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX, nor that of another cloud"
        raise InputError(codes.input_.RUNS_ADDRESS_WRONG, cause, resource=text)
    return RunAddress(found["account"], cloud, found["container"], found["prefix"].strip("/"))


def split_address(url: str, between: str) -> tuple[str, str]:
    """Return the run store of *url*, and the name in it that stands after the last *between*; no name where that is not in it.

    The last, since a container or a prefix may be called so too.
    """
    store, found, name = url.rpartition(between)
    return (store, name) if found else (url, "")
