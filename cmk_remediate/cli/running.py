"""Runs one command line to its exit code: every expected failure becomes one error and a next step."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any, cast

import typer
from typer.main import get_command

from cmk_remediate import codes
from cmk_remediate.cli.app import app
from cmk_remediate.cli.streams import abandon, aside, finish, nobody_there
from cmk_remediate.errors import BugError, CmkError, InputError, InterruptedEarly, UsageError

# Typer carries click within itself or beside itself, by its version; its public BadParameter leads to the bases in both.
_UsageProblem = cast("type[Exception]", typer.BadParameter.__base__)
WRITING_COMMANDS = ("apply", "resume", "rollback", "demo")
"""Commands that may have changed something when they fail unexpectedly."""
_PRINTED_BY_TYPER = {"-h", "--help", "--version"}
"""Options that typer answers by itself."""


def run(arguments: Sequence[str], *, alone: bool = False) -> int:
    """Run the command that *arguments* name and return the exit code of docs/command-line.md, whoever reads what it says.

    *alone*: the process ends with it. Where Ctrl-C ends a look it then ends here: threads that wait for an answer are not waited
    for, and what asyncio and Python have to say about it is said by nobody.
    """
    code = _run(arguments, alone=alone)
    finish()
    return code


def _run(arguments: Sequence[str], *, alone: bool) -> int:
    try:
        code = _invoke(arguments)
    except typer.Exit as end:
        return end.exit_code
    except CmkError as error:
        return _fail(error)
    except _UsageProblem as problem:
        return _fail(UsageError(codes.input_.USAGE, _message(problem)), usage=_usage(problem))
    except (KeyboardInterrupt, EOFError, typer.Abort):
        code = _fail(InterruptedEarly(codes.engine.INTERRUPTED, "interrupted"))
        if alone:
            os._exit(code)
        return code
    except Exception as error:  # noqa: BLE001 - the last resort: a bug of ours must not look like a result
        if isinstance(error, OSError) and _PRINTED_BY_TYPER & set(arguments):
            return _untold(error)
        aside(traceback.format_exc())
        _fail(BugError(codes.engine.BUG, f"{type(error).__name__}: {error}"))
        return 5 if any(argument in WRITING_COMMANDS for argument in arguments) else 1
    return code if isinstance(code, int) else 0


def _invoke(arguments: Sequence[str]) -> Any:
    """Return what the command returns; not typer's own `main`, which answers Ctrl-C and a broken pipe with its own codes."""
    command = get_command(app)
    with command.make_context("cmk-remediate", list(arguments)) as context:
        return command.invoke(context)


def _untold(error: OSError) -> int:
    """Return the exit code of a help that could not be written, as `output.emit` does it for all else."""
    abandon(sys.stdout)
    if nobody_there(error):
        return 0
    return _fail(InputError(codes.input_.OUTPUT_UNWRITABLE, error.strerror or str(error), resource="stdout"))


def describe(error: CmkError) -> str:
    """Return *error* as the command line prints it: what, where, why, and what to do next."""
    head = f"error[{error.code}] {error.resource + ': ' if error.resource else ''}{error.cause}"
    lines = [head, f"next: {error.hint}" if error.hint else "", f"see:  cmk-remediate explain {error.code}"]
    if error.correlation_id:
        lines.append(f"Azure's correlation id: {error.correlation_id}")
    return "\n".join(line for line in lines if line)


def _fail(error: CmkError, usage: str = "") -> int:
    text = f"{usage}\n{describe(error)}" if usage else describe(error)
    aside(f"{text}\n")
    return error.exit_code


def _message(problem: Exception) -> str:
    format_message = getattr(problem, "format_message", None)
    text = str(format_message()) if format_message else str(problem)
    return text if "\n" not in text else "no command given"


def _usage(problem: Exception) -> str:
    context = getattr(problem, "ctx", None)
    return str(context.get_usage()) if context is not None else ""
