"""A session on invented answers, and what is asked through it."""

from __future__ import annotations

from typing import Any

from cmk_remediate.connection import Session
from cmk_remediate.model.decisions import Read, Request
from tests.connection.table import VAULT, World

PATCH_VAULT = Request("PATCH", VAULT, {"properties": {"enablePurgeProtection": True}})


def session(one: World, *, read_only: bool = False) -> Session:
    return Session(one.connection, read_only=read_only, vaults=[VAULT])


def send(one: World, request: Request) -> Any:
    return one.run(lambda: session(one).send(request, client_request_id="req-1"))


def read(one: World, what: Read) -> Any:
    return one.run(lambda: session(one).read(what)).body
