"""The authority: the documents a client reads about it, and tokens for client credentials.

Sources: learn.microsoft.com, "OpenID Connect on the Microsoft identity platform" and "OAuth 2.0 client credentials flow"; the
instance discovery document as msal's ``authority.py`` reads it. Any secret is good: this directory keeps none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from cmk_remediate.simulator.wire import Incoming, Outgoing

if TYPE_CHECKING:
    from cmk_remediate.simulator.server.directory import Directory

_EVERYWHERE = ("common", "organizations")
_ASSERTION = "client_assertion"


def answer(directory: Directory, incoming: Incoming, base: str, aliases: tuple[str, ...]) -> Outgoing:
    """Answer a request to the authority that the client reaches at *base*; *aliases* are its host names."""
    path = incoming.path.lower()
    tenant = path.split("/")[1]
    if path.endswith("/discovery/instance"):
        return Outgoing(200, _instance(directory, base, aliases, incoming.query.get("authorization_endpoint", "")))
    tenant = directory.tenants[0] if tenant in _EVERYWHERE else tenant
    if tenant not in {one.lower() for one in directory.tenants}:
        text = f"AADSTS90002: Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
        return _refused(400, "invalid_tenant", text)
    if path.endswith("/.well-known/openid-configuration"):
        return Outgoing(200, _configuration(base, tenant, "/v2.0" if "/v2.0/" in path else ""))
    if incoming.method == "POST" and re.fullmatch(r"/[^/]+/oauth2(/v2\.0)?/token", path):
        return _token(directory, tenant, incoming)
    return _refused(404, "not_found", "Only client credentials are modelled here.")


def _instance(directory: Directory, base: str, aliases: tuple[str, ...], asked: str) -> dict[str, object]:
    tenant = next((part for part in asked.split("/")[3:4] if part), directory.tenants[0])
    first = aliases[0]
    return {
        "tenant_discovery_endpoint": f"{base}/{tenant}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": first, "preferred_cache": first, "aliases": list(aliases)}],
    }


def _configuration(base: str, tenant: str, version: str) -> dict[str, object]:
    return {
        "issuer": f"{base}/{tenant}{version}",
        "token_endpoint": f"{base}/{tenant}/oauth2{version}/token",
        "authorization_endpoint": f"{base}/{tenant}/oauth2{version}/authorize",
        "device_authorization_endpoint": f"{base}/{tenant}/oauth2{version}/devicecode",
        "jwks_uri": f"{base}/{tenant}/discovery{version}/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_types_supported": ["code", "id_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "tenant_region_scope": "EU",
    }


def _token(directory: Directory, tenant: str, incoming: Incoming) -> Outgoing:
    form = dict(parse_qsl(incoming.body.decode("utf-8", "replace")))
    if form.get("grant_type") != "client_credentials":
        return _refused(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
    audience = (form.get("scope") or form.get("resource") or "").split(" ")[0].removesuffix("/.default").rstrip("/")
    if not audience:
        text = "AADSTS90014: The required field 'scope' is missing from the credential."
        return _refused(400, "invalid_request", text)
    if not (form.get("client_secret") or form.get(_ASSERTION)):
        text = "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
        return _refused(401, "invalid_client", text)
    who = directory.find(client_id=form.get("client_id", ""))
    if who is None or who.tenant.lower() != tenant.lower():
        text = f"AADSTS700016: Application with identifier '{form.get('client_id', '')}' was not found in the directory '{tenant}'."
        return _refused(400, "unauthorized_client", text)
    token = directory.token(who, audience)
    body = {"token_type": "Bearer", "expires_in": token.seconds, "ext_expires_in": token.seconds}
    return Outgoing(200, {**body, "access_token": token.text})


def _refused(status: int, error: str, text: str) -> Outgoing:
    codes = [int(one) for one in re.findall(r"AADSTS(\d+)", text)]
    return Outgoing(status, {"error": error, "error_description": text, "error_codes": codes})
