"""The public verbs for callers without an event loop: each runs the coroutine of the same name to its end.

The loop is of the kind the connection asks for. Where a loop already runs (a notebook), it is one of its own in a helper thread.
"""

from __future__ import annotations

import asyncio
import functools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from cmk_remediate import aio
from cmk_remediate.connection import runner

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from cmk_remediate.model.protocols import Connection

P = ParamSpec("P")
T = TypeVar("T")


def blocking(verb: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Return *verb* as a plain function with the same arguments; its ``connection``, if any, says what kind of loop to run."""

    @functools.wraps(verb)
    def plain(*args: P.args, **kwargs: P.kwargs) -> T:
        connection = cast("Connection | None", kwargs.get("connection"))
        run = connection.run if connection is not None else runner.run

        def main() -> Coroutine[Any, Any, T]:
            return verb(*args, **kwargs)

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return run(main)
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="cmk_remediate") as helper:
            return helper.submit(run, main).result()

    return plain


apply = blocking(aio.apply)
assess = blocking(aio.assess)
check_evidence = blocking(aio.check_evidence)
dry_run = blocking(aio.dry_run)
dry_run_steps = blocking(aio.dry_run_steps)
export_estate = blocking(aio.export_estate)
find_run = blocking(aio.find_run)
load_review = blocking(aio.load_review)
make_evidence = blocking(aio.make_evidence)
permissions = blocking(aio.permissions)
resume = blocking(aio.resume)
review_rollback = blocking(aio.review_rollback)
rollback = blocking(aio.rollback)
runs = blocking(aio.runs)
save_artefacts = blocking(aio.save_artefacts)
save_evidence = blocking(aio.save_evidence)
save_review = blocking(aio.save_review)
unlock = blocking(aio.unlock)
verify = blocking(aio.verify)
