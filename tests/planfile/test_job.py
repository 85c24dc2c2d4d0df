"""Without these a runbook on a schedule would repeat what nobody asked for."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cmk_remediate import codes
from cmk_remediate.errors import InputError, ReviewError, RunStoreBusy, RunStoreError
from cmk_remediate.model.run_address import split_address
from cmk_remediate.planfile.job import Job, parse_job
from tests.report import sample

if TYPE_CHECKING:
    from pathlib import Path

SANDBOX = {"IDENTITY_ENDPOINT": "http://127.0.0.1/"}


def parse(environment: dict[str, str] | None = None, **fields: Any) -> Job:
    return parse_job(json.dumps(fields), variable=lambda _: None, environment=environment or {})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"do": "rollback", "plan": "p"},
        {"do": "dry-run"},
        {"do": "dry-run", "plan": "p", "yes": True},
        {"do": "dry-run", "plan": 7},
        {"do": "dry-run", "plan": " "},
        {"do": "dry-run", "plan": "p", "accept": ["x:y"]},
        {"do": "verify", "plan": "p", "review": "r"},
        {"do": "apply", "review": "r"},
        {"do": "apply", "digest": "d"},
        {"do": "apply", "review": "r", "digest": "d", "plan": "p"},
        {"do": "apply", "review": "r", "digest": "d", "accept": "x:y"},
        {"do": "apply", "review": "r", "digest": "d", "stop_after": "150"},
        {"do": "apply", "review": "r", "digest": "d", "stop_after": 150},
        {"do": "dry-run", "plan": "p", "stop_after": "2h"},
    ],
)
def test_what_is_not_understood(fields: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        parse(**fields)
    assert caught.value.code == codes.input_.RUNBOOK_ARGUMENT


@pytest.mark.parametrize(
    ("fields", "environment"),
    [
        ({"do": "dry-run", "plan": "https://store.example/plan.yaml"}, {}),
        ({"do": "verify", "plan": "https://runsaccount.blob.core.windows.net/journals/plans/../x"}, {}),
        ({"do": "verify", "plan": "https://runsaccount.blob.core.windows.net/journals/plans/"}, {}),
        ({"do": "verify", "plan": "https://runsaccount.blob.core.windows.net/journals/plans/sql.yaml?sig=x"}, {}),
        ({"do": "apply", "review": "https://store.example/r.json", "digest": "d"}, {}),
        ({"do": "apply", "review": "r", "digest": "d"}, SANDBOX),
    ],
)
def test_what_a_later_version_brings(fields: dict[str, Any], environment: dict[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        parse(environment, **fields)
    assert caught.value.code == codes.input_.NOT_YET_SUPPORTED


STORE = "https://runsaccount.blob.core.windows.net/journals/team-a"
STORED = f"{STORE}/reviews/{'d' * 64}.json"


def test_from_a_sandbox_an_apply_needs_a_run_store_that_stays() -> None:
    job = parse(SANDBOX, do="apply", review=STORED, digest="d" * 64, runs=f"{STORE}/")
    assert (job.runs, job.review, job.cloud) == (STORE, STORED, "AzureCloud")
    china = STORED.replace("core.windows.net", "core.chinacloudapi.cn")
    assert parse(do="apply", review=china, digest="d" * 64).cloud == "AzureChinaCloud"


@pytest.mark.parametrize(
    "fields",
    [
        {"do": "dry-run", "plan": "p", "runs": "https://store.example/runs"},
        {"do": "dry-run", "plan": "https://store.example/plans/sql.yaml"},
        {"do": "dry-run", "plan": "http://runsaccount.blob.core.windows.net/journals/plans/sql.yaml"},
        {"do": "dry-run", "plan": "https://runsaccount.blob.core.windows.net/journals/%2e%2e/plans/sql.yaml"},
        {"do": "apply", "review": f"https://store.example/reviews/{'d' * 64}.json", "digest": "d"},
    ],
)
def test_a_url_of_no_run_store(fields: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        parse(**fields)
    assert caught.value.code == codes.input_.RUNS_ADDRESS_WRONG


def test_the_cloud_is_that_of_plan_or_review(tmp_path: Path) -> None:
    """In another cloud there is no token to be had, and nothing to be found."""
    (tmp_path / "r.json").write_text('{"cloud": "AzureUSGovernment"}', encoding="utf-8")
    assert parse(do="apply", review=str(tmp_path / "r.json"), digest="d").cloud == "AzureUSGovernment"
    assert parse(do="apply", review=str(tmp_path / "absent.json"), digest="d").cloud == "AzureCloud"
    with pytest.raises(InputError):
        _ = parse(do="dry-run", plan=str(tmp_path / "absent.yaml")).cloud


@pytest.mark.parametrize(
    "store", ["{}/plans", "{}/reviews", "{}/plans/reviews", "{}/reviews/plans", "{}/runs/reviews/reviews"]
)
def test_a_container_or_a_prefix_may_be_called_like_what_lies_in_it(store: str) -> None:
    """Fails: nothing that is kept in a container named `reviews` or `plans` can be applied."""
    runs = store.format("https://runsaccount.blob.core.usgovcloudapi.net")
    review, plan = f"{runs}/reviews/{'a' * 64}.json", f"{runs}/plans/sql.yaml"
    applied = parse(do="apply", review=review, digest="a" * 64, runs=runs)
    assert (applied.review, applied.cloud) == (review, "AzureUSGovernment")
    planned = parse(do="dry-run", plan=plan, runs=runs)
    assert (planned.plan_url, planned.cloud) == (plan, "AzureUSGovernment")
    assert split_address(review, "/reviews/") == (runs, f"{'a' * 64}.json")
    assert split_address(runs, "/other/") == (runs, "")


def test_the_sandbox_may_look_and_may_rehearse() -> None:
    assert parse(SANDBOX, do="verify", plan="p").do == "verify"
    assert parse(SANDBOX, do="apply", review="r", digest="d", simulate="az.json").simulate == "az.json"
    assert parse({**SANDBOX, "MSI_ENDPOINT": "x"}, do="apply", review="r", digest="d").do == "apply"


def test_an_apply_may_be_given_its_time() -> None:
    assert parse(do="apply", review="r", digest="d", stop_after="2h30m").stop_after == timedelta(minutes=150)
    assert parse(do="apply", review="r", digest="d", stop_after=None).stop_after is None


def test_a_plan_may_be_kept_where_the_journals_are() -> None:
    """A sandbox has no file of ours; the plan's store says in which cloud there is a token for it."""
    kept = f"{STORE.replace('core.windows.net', 'core.usgovcloudapi.net')}/plans/sql.yaml"
    job = parse(SANDBOX, do="dry-run", plan=kept)
    assert (job.plan_url, job.cloud) == (kept, "AzureUSGovernment")
    assert parse(do="dry-run", plan="plans/sql.yaml").plan_url == ""


def test_a_plan_may_be_written_out() -> None:
    assert parse(do="dry-run", plan={"service": "sql"}).plan == {"service": "sql"}


def test_an_automation_variable_may_hold_the_argument() -> None:
    stored = {"nightly": '{"do": "verify", "plan": "p"}'}
    assert parse_job("nightly", variable=stored.get, environment={}).plan == "p"
    with pytest.raises(InputError, match="Automation variable"):
        parse_job("weekly", variable=stored.get, environment={})


@pytest.mark.parametrize("text", ["{", "[]", '{"do": "verify", "do": "apply"}', ""])
def test_what_is_no_json_object(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_job(text, variable=lambda _: text or None, environment={})
    assert caught.value.code == codes.input_.RUNBOOK_ARGUMENT


def test_only_the_review_meant_is_applied() -> None:
    review = sample.review()
    parse(do="apply", review="r", digest=review.digest.upper()).check(review)
    with pytest.raises(ReviewError) as caught:
        parse(do="apply", review="r", digest="0" * 64).check(review)
    assert caught.value.code == codes.input_.REVIEW_ALTERED


def test_only_the_same_run_counts_as_still_at_work() -> None:
    job = parse(do="apply", review="r", digest=sample.RUN)
    busy = codes.engine.RUN_STORE_BUSY
    assert job.at_work(RunStoreBusy(busy, "busy", resource="runs", holder=sample.RUN))
    assert not job.at_work(RunStoreBusy(busy, "busy", resource="runs", holder="0" * 64))
    assert not job.at_work(RunStoreError(busy, "busy"))


@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("", None, "it is empty"),
        ("  ", None, "it is empty"),
        ("no-such", None, "'no-such' is neither a JSON object nor the name of an Automation variable"),
        ("stored", " ", "the Automation variable 'stored' is empty"),
        ("{'do': 'dry-run'}", None, "not JSON"),
        (f"do:dry-run,plan:{'p' * 200}", None, f"'do:dry-run,plan:{'p' * 44}...' is neither"),
    ],
)
def test_an_argument_that_says_nothing_is_named(text: str, value: str | None, said: str) -> None:
    """A schedule's job fails at night: what it prints is all that there is to go by."""
    with pytest.raises(InputError) as caught:
        parse_job(text, variable=lambda _: value, environment={})
    assert caught.value.code == codes.input_.RUNBOOK_ARGUMENT
    assert said in caught.value.cause
    assert caught.value.resource == "the runbook's argument"
    assert "docs/runbook.md" in caught.value.hint
