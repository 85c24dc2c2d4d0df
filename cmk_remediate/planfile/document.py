"""A plan file as YAML: its plain values, and the line each came from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cmk_remediate import codes
from cmk_remediate.nesting import is_bounded, is_shallow
from cmk_remediate.planfile.problems import Location, PlanError, Problem

_OTHER_VERSION = re.compile(r"^%YAML\s+(?!1\.2\s*$)(\S+)", re.MULTILINE)


_MOST = 500_000
_DEEPEST = 50
_LARGEST = 1 << 63


class _Constructor(RoundTripConstructor):
    """YAML 1.2's core schema has no timestamps: ``2026-11-22T22:00:00Z`` is text, quoted or not."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", RoundTripConstructor.construct_yaml_str)


@dataclass(frozen=True)
class Document:
    """A parsed YAML file.

    Attributes:
        value: what it says, as plain JSON-like values.
        tree: the same with the lines.
        lined: whether there are lines at all; values handed over by a script have none.
    """

    value: Any
    tree: Any
    lined: bool = True

    def line(self, where: Location) -> int:
        """Return the line, from 1, of the field at *where*, or of the nearest field around it that is in the file."""
        found, node = 1, self.tree
        for part in where:
            in_map = isinstance(node, CommentedMap) and part in node
            in_list = isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node)
            if not (in_map or in_list):
                break
            at = (node.lc.data or {}).get(part)
            found = at[0] + 1 if at else found
            node = node[part]
        return found


def parse(text: str, name: str) -> Document:
    """Return the YAML 1.2 document in *text*.

    Raises:
        PlanError: CMK101 when it is not YAML 1.2, CMK102 when a field stands twice or a value is not a plain one.
    """
    version = _OTHER_VERSION.search(text)
    if version:
        line = text[: version.start()].count("\n") + 1
        raise PlanError(name, [_unreadable(f"YAML {version[1]} is not read, only YAML 1.2", line)])
    if not is_shallow(text, deepest=2 * _DEEPEST):
        raise PlanError(name, [_unreadable("it is nested too deeply", 0)])
    yaml = YAML(typ="rt", pure=True)
    yaml.Constructor = _Constructor
    try:
        tree = yaml.load(text)
    except DuplicateKeyError as error:
        what = _sentence(error.problem).partition(" with value")[0]
        raise PlanError(name, [Problem(codes.input_.PLAN_INVALID, (), what, _line(error))]) from error
    except MarkedYAMLError as error:
        what = " ".join(_sentence(part) for part in (error.context, error.problem) if part)
        raise PlanError(name, [_unreadable(what, _line(error))]) from error
    except (YAMLError, RecursionError, ValueError, TypeError, AttributeError, LookupError) as error:
        # The last four: the parser's own slips over files that nobody writes by hand.
        raise PlanError(name, [_unreadable(_sentence(str(error)) or type(error).__name__, 0)]) from error
    if not is_bounded(tree, most=_MOST, deepest=_DEEPEST):
        raise PlanError(name, [_unreadable("it has too many values, or is nested too deeply", 0)])
    document = Document(None, tree)
    problems: list[Problem] = []
    value = _plain(tree, (), [], problems, document)
    if problems:
        raise PlanError(name, problems)
    return Document(value, tree)


def _plain(node: Any, where: Location, inside: list[int], problems: list[Problem], document: Document) -> Any:
    def problem(text: str) -> None:
        problems.append(Problem(codes.input_.PLAN_INVALID, where, text, document.line(where)))

    if id(node) in inside:
        problem("an alias leads back to the field it stands in")
        return None
    if isinstance(node, Mapping):
        for key in node:
            if not isinstance(key, str):
                problem(f"{key!r} is not text, so it is not a field")
        return {
            str(key): _plain(item, (*where, str(key)), [*inside, id(node)], problems, document)
            for key, item in node.items()
            if isinstance(key, str)
        }
    if isinstance(node, list):
        return [_plain(item, (*where, i), [*inside, id(node)], problems, document) for i, item in enumerate(node)]
    if node is None or isinstance(node, bool):
        return node
    return _scalar(node, problem)


def _scalar(node: Any, problem: Callable[[str], None]) -> Any:
    if isinstance(node, int) and not -_LARGEST < node < _LARGEST:
        problem("it is too large a number")
        return None
    for kind in (str, int, float):
        if isinstance(node, kind) and node == node and node not in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN
            return _bool_or(kind, node)
    problem(f"{str(node)[:40]!r} is not text, a number, a list or a set of fields")
    return None


def _bool_or(kind: type[Any], node: Any) -> Any:
    # ruamel's boolean with an anchor is an int by class
    return bool(node) if type(node).__name__ == "ScalarBoolean" else kind(node)


def _unreadable(text: str, line: int) -> Problem:
    return Problem(codes.input_.PLAN_UNREADABLE, (), text, line)


def _line(error: MarkedYAMLError) -> int:
    mark = error.problem_mark or error.context_mark
    return mark.line + 1 if mark else 0


def _sentence(text: str | None) -> str:
    return " ".join((text or "").split())
