"""Without these a thousand servers mean hundreds of thousands of throttled requests, or an afternoon of waiting."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from cmk_remediate import codes
from cmk_remediate.connection import Session
from cmk_remediate.connection.pacing import IN_FLIGHT, Bucket
from cmk_remediate.errors import AzureError
from cmk_remediate.model.decisions import Read, Request
from cmk_remediate.model.ids import ResourceId
from cmk_remediate.model.outcomes import Accepted, NotYet
from tests.connection.table import SUB, VAULT, Say, Sent, World, error, world


class Throttle:
    """ARM's bucket, on its side: refuses what is too much, and counts."""

    def __init__(self, one: World, size: int, rate: float, *, tells: bool = True) -> None:
        self.one, self.size, self.rate, self.tells = one, size, rate, tells
        self.left, self.stamp, self.refused, self.flying, self.most = float(size), one.clock.monotonic(), 0, 0, 0

    def __call__(self, sent: Sent) -> Say:
        now = self.one.clock.monotonic()
        self.left = min(self.size, self.left + (now - self.stamp) * self.rate)
        self.stamp = now
        if self.left < 1:
            self.refused += 1
            return error(429, "SubscriptionRequestsThrottled", Retry_After="3")
        self.left -= 1
        kind = "reads" if sent.method == "GET" else "writes"
        told = {f"x-ms-ratelimit-remaining-subscription-{kind}": str(int(self.left))} if self.tells else {}
        return Say(200, {}, told)


async def gather(many: list[Any]) -> list[Any]:
    return list(await asyncio.gather(*many))


def elapsed(one: World) -> float:
    return one.azure.sent[-1].at - one.azure.sent[0].at


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("latency", [0.05, 0.4])
def test_bucket_is_used_up_and_never_overdrawn(*, tells: bool, latency: float) -> None:
    one = world(latency=latency)
    throttle = Throttle(one, 250, 25.0, tells=tells)
    one.azure.rule = throttle
    session = Session(one.connection, read_only=True)
    count = 1500
    one.run(lambda: gather([session.read(Read(VAULT)) for _ in range(count)]))

    assert throttle.refused == 0
    assert session.traffic.reads == count
    assert elapsed(one) <= (count - 250) / 25 * 1.03 + latency, "never slower than the refill"


def test_writes_have_a_bucket_of_their_own() -> None:
    one = world(latency=0.05)
    throttle = Throttle(one, 200, 10.0)
    one.azure.rule = throttle
    session = Session(one.connection, read_only=False)
    request = Request("PATCH", VAULT, {})
    outcomes = one.run(lambda: gather([session.send(request, client_request_id="x") for _ in range(400)]))
    assert throttle.refused == 0
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert elapsed(one) <= 200 / 10 * 1.05


def test_smaller_bucket_than_documented_is_learned_from_headers() -> None:
    one = world(latency=0.05)
    throttle = Throttle(one, 60, 25.0)
    one.azure.rule = throttle
    session = Session(one.connection, read_only=True)
    one.run(lambda: gather([session.read(Read(VAULT)) for _ in range(400)]))
    assert throttle.refused == 0


def test_429_pauses_everybody_until_retry_after() -> None:
    one = world(latency=0.05)
    turns = {"left": 1}

    def rule(_sent: Sent) -> Say:
        turns["left"] -= 1
        return error(429, "TooManyRequests", Retry_After="17") if turns["left"] == 0 else Say(200, {})

    one.azure.rule = rule
    session = Session(one.connection, read_only=True)

    async def main() -> None:
        first = session.read(Read(VAULT))

        async def others() -> None:
            await one.clock.sleep(1)
            await gather([session.read(Read(VAULT)) for _ in range(50)])

        await gather([first, others()])

    one.run(main)
    start = one.azure.sent[0].at
    assert [sent.at - start for sent in one.azure.sent[1:] if sent.at - start < 17] == []
    assert session.traffic.throttled == 1
    assert elapsed(one) <= 17 + 51 / 25 + 1


def test_429_on_writes_does_not_stop_reads_nor_another_subscription() -> None:
    one = world()
    other = ResourceId(VAULT.text.replace(SUB, "bb" + SUB[2:]))
    one.azure.on("PATCH", VAULT.text, error(429, "TooManyRequests", Retry_After="60"), Say(200, {}))
    one.azure.on("PATCH", other.text, Say(200, {}))
    one.azure.on("GET", VAULT.text, Say(200, {}))
    session = Session(one.connection, read_only=False)

    async def main() -> None:
        outcome = await session.send(Request("PATCH", VAULT, {}), client_request_id="x")
        assert outcome == NotYet("throttled", "TooManyRequests", "no", 60)
        await session.read(Read(VAULT))
        await session.send(Request("PATCH", other, {}), client_request_id="x")
        assert elapsed(one) < 1
        await session.send(Request("PATCH", VAULT, {}), client_request_id="x")
        assert round(elapsed(one)) == 60

    one.run(main)


def test_absurd_retry_after_does_not_eat_the_run() -> None:
    one = world()
    one.azure.rule = lambda _sent: error(429, "TooManyRequests", Retry_After="86400")
    session = Session(one.connection, read_only=False)

    async def main() -> None:
        with pytest.raises(AzureError) as caught:
            await session.read(Read(VAULT))
        assert caught.value.code == codes.access.THROTTLED
        first = await session.send(Request("PATCH", VAULT, {}), client_request_id="x")
        second = await session.send(Request("PATCH", VAULT, {}), client_request_id="x")
        assert isinstance(first, NotYet)
        assert isinstance(second, NotYet)
        assert second.retry_after > 86000

    one.run(main)
    assert len(one.azure.sent) == 2
    assert elapsed(one) < 5


def test_endless_throttling_ends() -> None:
    one = world()
    one.azure.rule = lambda _sent: error(429, "TooManyRequests")
    with pytest.raises(AzureError) as caught:
        one.run(lambda: Session(one.connection, read_only=True).read(Read(VAULT)))
    assert caught.value.code == codes.access.THROTTLED
    assert len(one.azure.sent) == 30


def test_at_most_sixteen_in_flight() -> None:
    one = world(latency=1)
    one.azure.rule = lambda _sent: Say(200, {})
    session = Session(one.connection, read_only=True)
    one.run(lambda: gather([session.read(Read(VAULT)) for _ in range(64)]))
    times = sorted(sent.at for sent in one.azure.sent)
    assert IN_FLIGHT == 16
    for index in range(len(times) - IN_FLIGHT):
        assert times[index + IN_FLIGHT] - times[index] >= 0.99


def test_polls_yield_to_reads_and_are_not_starved() -> None:
    one = world()
    bucket = Bucket(one.clock, 1, 10.0)
    order: list[str] = []

    async def take(name: str, yields: float, after: float = 0.0) -> None:
        await one.clock.sleep(after)
        await bucket.take(patience=600, yields=yields)
        order.append(name)

    async def main() -> None:
        polls = [take(f"poll {number}", 30.0) for number in range(5)]  # four wait when the reads come
        reads = [take(f"read {number}", 0.0, after=0.01) for number in range(5)]
        late = [take(f"late {number}", 0.0, after=31 + number / 100) for number in range(3)]
        await gather([*polls, *reads, *late])

    one.run(main)
    assert order[0] == "poll 0", "nobody else waits yet"
    assert sorted(order[1:6]) == [f"read {number}" for number in range(5)], (
        "whoever hands out tokens keeps none before its turn"
    )


def test_cancelled_waiters_do_not_stop_the_others() -> None:
    one = world()
    bucket = Bucket(one.clock, 1, 10.0)
    got: list[int] = []

    async def take(number: int) -> None:
        await bucket.take(patience=600)
        got.append(number)

    async def main() -> None:
        tasks = [asyncio.get_running_loop().create_task(take(number)) for number in range(20)]
        for number in range(0, 20, 3):
            await one.clock.sleep(0.05)
            tasks[number].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    one.run(main)
    assert {number for number in range(20) if number % 3} <= set(got)
    assert bucket.taken == len(got)
