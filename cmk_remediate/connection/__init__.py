"""The only package that imports the SDKs, each when its first operation is needed."""

from __future__ import annotations

from cmk_remediate.connection.clouds import CLOUDS, Cloud, cloud_named
from cmk_remediate.connection.credentials import connect
from cmk_remediate.connection.runner import run
from cmk_remediate.connection.session import Session, SessionReader

__all__ = ["CLOUDS", "Cloud", "Session", "SessionReader", "cloud_named", "connect", "run"]
