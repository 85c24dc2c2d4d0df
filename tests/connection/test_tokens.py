"""What a user loses: a run, and the machine it has stopped, to one hiccup of whatever signs it in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from cmk_remediate import codes
from cmk_remediate.connection import Session
from cmk_remediate.connection.tokens import ATTEMPTS, EARLY, RETRY
from cmk_remediate.errors import InputError, NoTokenError
from cmk_remediate.model.decisions import Estimate, Read
from cmk_remediate.model.outcomes import Accepted, Operation
from cmk_remediate.simulator.virtual_time import VirtualClock
from tests.connection.asking import PATCH_VAULT
from tests.connection.table import ARM, GROUP, PROTECTOR, START, VAULT, Say, World, error, jwt, world

LIFE = 3600
PAUSES = sum(2.0**number for number in range(ATTEMPTS - 1))
DOWN = ConnectionError("the identity endpoint answered 500")


@dataclass
class Lapsing:
    """Gives numbered tokens that end, and fails where it is told to.

    Attributes:
        refresh_in: seconds after which it wants to be asked again; 0 where it does not say.
        down: so many times from now on it fails; below zero for ever.
    """

    clock: VirtualClock
    refresh_in: int = 0
    down: int = 0
    given: int = 0
    asked: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    async def get_token(self, *_scopes: str, **options: Any) -> Any:
        now = self.clock.now().timestamp()
        self.asked.append((round(now - START.timestamp()), options))
        if self.down:
            self.down -= 1
            raise DOWN
        self.given += 1
        refresh = int(now) + self.refresh_in if self.refresh_in else None
        return SimpleNamespace(token=jwt(self.given), expires_on=int(now) + LIFE, refresh_on=refresh)

    async def close(self) -> None:
        """Nothing is held."""

    @property
    def times(self) -> list[int]:
        return [at for at, _ in self.asked]


def lapsing(**given: Any) -> tuple[World, Session, Lapsing]:
    one = world()
    credential = Lapsing(one.clock, **given)
    object.__setattr__(one.connection, "credential", credential)
    one.azure.on("GET", VAULT.text, Say(200, {"a": 1}))
    return one, Session(one.connection, read_only=False, vaults=[VAULT]), credential


def used(one: World) -> list[str]:
    """Return the tokens that requests left with."""
    return [sent.headers["authorization"].removeprefix("Bearer ") for sent in one.azure.sent]


def test_while_the_old_token_is_good_a_failing_credential_costs_nothing() -> None:
    """It is asked again a little later, not with every request: that would slow a run of thousands down."""
    one, session, credential = lapsing()

    async def main() -> None:
        await session.read(Read(VAULT))
        await one.clock.sleep(LIFE - EARLY)
        credential.down = 2
        for _ in range(5):
            await session.read(Read(VAULT))
            await one.clock.sleep(RETRY / 2)

    one.run(main)
    due = LIFE - EARLY
    assert credential.times == [0, due, due + RETRY, due + 2 * RETRY]
    assert used(one) == [jwt(1)] * 5 + [jwt(2)]


def test_the_old_token_is_not_used_after_its_end_though_the_next_try_would_come_later() -> None:
    one, session, credential = lapsing()

    async def main() -> None:
        await session.read(Read(VAULT))
        await one.clock.sleep(LIFE - 10)
        credential.down = 1
        await session.read(Read(VAULT))
        await one.clock.sleep(11)
        await session.read(Read(VAULT))

    one.run(main)
    assert credential.times == [0, LIFE - 10, LIFE + 1]
    assert used(one) == [jwt(1), jwt(1), jwt(2)]


def test_a_credential_that_says_when_it_wants_to_be_asked_is_asked_then() -> None:
    """Azure says it of tokens that live a day: who asks in their last five minutes alone meets any outage that lasts longer."""
    one, session, credential = lapsing(refresh_in=600)

    async def main() -> None:
        for _ in range(3):
            await session.read(Read(VAULT))
            await one.clock.sleep(400)

    one.run(main)
    assert credential.times == [0, 800]


def test_without_a_good_token_it_is_asked_for_several_times() -> None:
    one, session, credential = lapsing()
    one.azure.on("PATCH", VAULT.text, Say(200, {}))

    async def main() -> Any:
        await session.read(Read(VAULT))
        await one.clock.sleep(LIFE)
        credential.down = 3
        return await session.send(PATCH_VAULT, client_request_id="x")

    assert isinstance(one.run(main), Accepted)
    assert credential.times == [0, LIFE, LIFE + 1, LIFE + 3, LIFE + 7]
    assert used(one) == [jwt(1), jwt(2)]


def test_those_who_wait_for_one_token_fail_together() -> None:
    """Fails: forty reads wait half a minute each, one after the other."""
    one, session, credential = lapsing()

    async def main() -> list[Any]:
        await session.read(Read(VAULT))
        await one.clock.sleep(LIFE)
        credential.down = -1
        return await asyncio.gather(*(session.caller() for _ in range(40)), return_exceptions=True)

    assert {type(answer) for answer in one.run(main)} == {NoTokenError}
    assert len(credential.asked) == 1 + ATTEMPTS
    assert credential.times[-1] == LIFE + PAUSES
    assert len(one.azure.sent) == 1


def test_whoever_has_not_signed_in_is_told_at_once() -> None:
    one, session, credential = lapsing(down=-1)
    with pytest.raises(InputError) as caught:
        one.run(lambda: session.read(Read(VAULT)))
    assert (caught.value.code, credential.times) == (codes.input_.CREDENTIAL_UNUSABLE, [0])


def test_what_a_credential_gives_that_is_no_token_is_none() -> None:
    one, session, credential = lapsing()

    async def nonsense(*_scopes: str, **_options: Any) -> None:
        return None

    object.__setattr__(credential, "get_token", nonsense)
    with pytest.raises(NoTokenError, match="gave no token"):
        one.run(lambda: session.read(Read(VAULT)))


def test_claims_of_a_challenge_outlive_a_failure() -> None:
    """Asked without them it would give the token that Azure has just refused."""
    one, session, credential = lapsing()
    challenge = 'Bearer error="insufficient_claims", claims="eyJhIjoxfQ=="'
    refused = error(401, "InvalidAuthenticationToken", WWW_Authenticate=challenge)
    one.azure.on("PATCH", VAULT.text, refused, Say(200, {}))

    async def main() -> Any:
        await session.caller()
        credential.down = 1
        return await session.send(PATCH_VAULT, client_request_id="x")

    assert isinstance(one.run(main), Accepted)
    assert [options for _, options in credential.asked] == [{}, {"claims": '{"a":1}'}, {"claims": '{"a":1}'}]


def test_an_operation_is_followed_again_once_there_is_a_token() -> None:
    """Fails: what Azure goes on with is given up, and what it was to be followed by is not done."""
    one, session, credential = lapsing()
    status = f"{ARM}{GROUP}/providers/Microsoft.Sql/locations/we/op/1?api-version=2025-01-01"
    one.azure.on("GET", "op/1", Say(200, {"status": "Succeeded"}))
    operation = Operation("PUT", PROTECTOR, "2025-01-01", status, "", START, "req-1", "cor", "caller-oid", 15)

    async def main() -> Any:
        await session.caller()
        await one.clock.sleep(LIFE)
        credential.down = ATTEMPTS + 1
        return await session.wait(operation, Estimate(60, 3600))

    assert isinstance(one.run(main), Accepted)
    assert used(one) == [jwt(2)]
