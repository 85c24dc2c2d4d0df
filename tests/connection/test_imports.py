"""`cmk-remediate --help` and a reviewer without credentials must not wait for the SDKs."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from cmk_remediate.connection import connect, credentials, run
from cmk_remediate.connection.clouds import CLOUDS
from cmk_remediate.connection.credentials import as_async, default_credential
from cmk_remediate.errors import InputError
from tests.connection.table import Credential


def test_import_loads_no_sdk() -> None:
    code = "import sys, cmk_remediate.connection; print([m for m in sys.modules if m.split('.')[0] in ('azure', 'requests')])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_a_read_of_a_vault_loads_no_sql() -> None:
    code = (
        "import sys; from tests.connection.table import *; from cmk_remediate.connection import Session;"
        "from cmk_remediate.model.decisions import Read; one = world(); one.azure.on('GET', VAULT.text, Say(200, {}));"
        "one.run(lambda: Session(one.connection, read_only=True).read(Read(VAULT)));"
        "print([m for m in sys.modules if m in ('azure.mgmt.sql', 'azure.mgmt.keyvault', 'azure.identity', 'aiohttp')])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "['azure.mgmt.keyvault']"


class Plain:
    def __init__(self) -> None:
        self.loops: list[bool] = []

    def get_token(self, *scopes: str, **options: object) -> str:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            self.loops.append(False)
        else:
            self.loops.append(True)
        return f"{scopes[0]} {sorted(options)}"


def test_plain_credential_is_asked_in_a_thread() -> None:
    plain = Plain()
    wrapped = as_async(plain)

    async def main() -> str:
        token: str = await wrapped.get_token("scope", claims="c")
        await wrapped.close()
        return token

    assert run(main) == "scope ['claims']"
    assert plain.loops == [False]


def test_asynchronous_credential_is_taken_as_it_is() -> None:
    credential = Credential()
    assert as_async(credential) is credential


def test_run_works_where_a_loop_already_runs() -> None:
    async def inner() -> int:
        await asyncio.to_thread(lambda: None)
        return 7

    async def notebook() -> int:
        return run(inner)

    assert asyncio.run(notebook()) == 7
    assert run(inner) == 7


@pytest.mark.parametrize("name", ["IDENTITY_ENDPOINT", "MSI_ENDPOINT"])
def test_automation_gets_the_managed_identity_and_nothing_else_is_tried(name: str) -> None:
    credential = default_credential(CLOUDS["AzureCloud"], "client", {name: "http://127.0.0.1/token"})
    assert type(credential).__name__ == "ManagedIdentityCredential"


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=lambda cloud: cloud.name)
def test_elsewhere_whatever_the_machine_is_signed_in_with(cloud: object) -> None:
    credential = default_credential(cloud, None, {})  # type: ignore[arg-type]
    assert type(credential).__name__ == "DefaultAzureCredential"


def test_connect_closes_what_is_its_own_once() -> None:
    credential = Credential()
    connection = connect(credential, "AzureChinaCloud")
    assert connection.cloud == "AzureChinaCloud"
    assert connection.transport.session.auth is not None, "no ~/.netrc in place of our token"
    assert connection.transport.session.get_adapter("https://x")._pool_maxsize == 16
    connection.run(connection.close)
    assert credential.closed == 0
    assert connection.transport.session is None


def test_connect_without_a_credential_closes_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Credential()
    monkeypatch.setattr(credentials, "default_credential", lambda *_: own)
    connection = connect()
    connection.run(connection.close)
    assert own.closed == 1


def test_connect_to_nowhere() -> None:
    with pytest.raises(InputError, match="AzureStack"):
        connect(object(), "AzureStack")
