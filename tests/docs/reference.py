"""The reference parts of docs/: commands and options from the typer app, signatures from the functions themselves."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, get_args

from typer.models import ArgumentInfo, OptionInfo
from typer.utils import get_params_from_function

import cmk_remediate
from cmk_remediate.cli.app import app
from tests.docs.tables import cell, table

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Command:
    """One command, or what stands before all of them.

    Attributes:
        said: its docstring in one line.
        arguments: as they are written, with what they are; empty where that needs no words.
        options: each option's spellings with its value, and what it does.
    """

    said: str
    arguments: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]

    @property
    def spellings(self) -> set[str]:
        """Every spelling of its options."""
        names = (
            name for option, _ in self.options for name in option.replace(",", " ").split() if name.startswith("-")
        )
        return {*names, "-h", "--help"}


def before_the_command() -> Command:
    """Return what stands before the command."""
    callback = app.registered_callback
    assert callback is not None
    return _command(callback.callback)


def commands() -> dict[str, Command]:
    """Return each command by its name."""
    return {str(one.name): _command(one.callback) for one in app.registered_commands}


def _command(callback: Callable[..., Any] | None) -> Command:
    assert callback is not None
    found = [
        one
        for one in get_params_from_function(callback).values()
        if isinstance(one.default, (ArgumentInfo, OptionInfo))
    ]
    options = [
        (_spelled(one.default, one.annotation), cell(one.default.help or ""))
        for one in found
        if isinstance(one.default, OptionInfo)
    ]
    arguments = [
        (str(one.default.metavar), cell(one.default.help or ""))
        for one in found
        if isinstance(one.default, ArgumentInfo)
    ]
    return Command(" ".join((callback.__doc__ or "").split()), tuple(arguments), tuple(options))


def _spelled(option: OptionInfo, annotation: Any) -> str:
    names = ", ".join(sorted(option.param_decls or (), key=len))
    if annotation is bool or option.count:
        return names
    enum = next(
        (one for one in (annotation, *get_args(annotation)) if isinstance(one, type) and issubclass(one, Enum)), None
    )
    value = "|".join(str(one.value) for one in enum) if enum else option.metavar
    return f"{names} {value or 'TEXT'}"


def command_line() -> str:
    """Return the reference of every command and option: what ``--help`` prints, as tables."""
    parts = ["### Before the command\n", _table(before_the_command())]
    for name, command in commands().items():
        usage = " ".join(["cmk-remediate", name, "[OPTIONS]", *(written for written, _ in command.arguments)])
        parts += [f"### `{name}`\n", f"{command.said}\n", f"```text\n{usage}\n```\n", _table(command)]
    return "\n".join(part for part in parts if part)


def _table(command: Command) -> str:
    explained = [(left, right) for left, right in command.arguments if right]
    rows = [(f"`{cell(left)}`", right) for left, right in (*explained, *command.options)]
    return table(("option", "meaning"), iter(rows)) if rows else ""


def signature(name: str) -> str:
    """Return how the public function *name* is called, without its types."""
    parts, keyword_only = [], False
    for one in inspect.signature(getattr(cmk_remediate, name)).parameters.values():
        if one.kind is one.KEYWORD_ONLY and not keyword_only:
            parts.append("*")
            keyword_only = True
        default = getattr(one.default, "__name__", repr(one.default)).replace("'", '"')
        parts.append(one.name if one.default is one.empty else f"{one.name}={default}")
    return f"{name}({', '.join(parts)})"


def functions() -> tuple[str, ...]:
    """Return the public functions."""
    return tuple(name for name in cmk_remediate.__all__ if inspect.isfunction(getattr(cmk_remediate, name)))


def library() -> str:
    """Return every public function with its signature, and what its docstring's first line says."""
    rows = ((f"`{signature(name)}`", _first_line(getattr(cmk_remediate, name))) for name in functions())
    return table(("function", "what it does"), rows)


def types() -> str:
    """Return every other public name."""
    others = [name for name in cmk_remediate.__all__ if name not in functions()]
    rows = ((f"`{name}`", _first_line(getattr(cmk_remediate, name))) for name in others if name != "CODES")
    return table(("name", "what it is"), rows) + "| `CODES` | Every code by its id; see [codes](errors.md). |\n"


def _first_line(thing: object) -> str:
    return cell((inspect.getdoc(thing) or "").split("\n\n", maxsplit=1)[0])
