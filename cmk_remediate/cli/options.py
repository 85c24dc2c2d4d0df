"""The options every command shares, and what they add up to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum
from pathlib import Path

from cmk_remediate import codes, files
from cmk_remediate.errors import InputError, UsageError
from cmk_remediate.model.run_address import is_remote, parse_address


class Format(str, Enum):
    """How the product is written."""

    text = "text"
    markdown = "markdown"
    json = "json"
    html = "html"
    junit = "junit"


class ReportFormat(str, Enum):
    """How all but a verification is written."""

    text = "text"
    markdown = "markdown"
    json = "json"
    html = "html"


class RequestsFormat(str, Enum):
    """How a request log is written."""

    text = "text"
    markdown = "markdown"
    json = "json"
    ndjson = "ndjson"


class Colour(str, Enum):
    """When colour is used."""

    auto = "auto"
    always = "always"
    never = "never"


@dataclass(frozen=True)
class Globals:
    """What stands before the command.

    Attributes:
        simulate: the state file of an embedded Azure; None for the real one.
        estate: what that file is made from if it is missing.
        doubts: pairs of a doubt's name and the reading to use.
        runs: the run store: a folder's absolute path, or a URL.
        format: how the product is written.
        verbose: how often -v was given.
        quiet: no progress.
        colour: when colour is used.
    """

    simulate: Path | None = None
    estate: Path | None = None
    doubts: tuple[tuple[str, str], ...] = field(default=())
    runs: str | None = None
    format: Format | None = None
    verbose: int = 0
    quiet: bool = False
    colour: Colour = Colour.auto

    def __post_init__(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            UsageError: CMK100 when it does.
        """
        if self.simulate is None and (self.estate or self.doubts):
            raise UsageError(codes.input_.USAGE, "--estate and --doubt are for the embedded Azure: add --simulate FILE")
        if self.quiet and self.verbose:
            raise UsageError(codes.input_.USAGE, "--quiet and --verbose contradict each other")

    def with_local(
        self,
        *,
        runs: str | None = None,
        json: bool = False,
        format: Format | ReportFormat | None = None,  # noqa: A002
        tests: bool = False,
    ) -> Globals:
        """Return these options with those given after the command; *tests*: what it prints can be shown as tests.

        Raises:
            UsageError: CMK100 when both were given and differ; CMK140 when the format does not fit the command.
            InputError: CMK141 when what makes the format is not installed.
        """
        if json and format is not None and format.value != Format.json.value:
            raise UsageError(codes.input_.USAGE, f"--json and --format {format.value} contradict each other")
        local = Format.json if json else None if format is None else Format(format.value)
        if local and self.format and local is not self.format:
            raise UsageError(
                codes.input_.USAGE, f"--format {self.format.value} and {local.value} contradict each other"
            )
        store = run_store(runs)
        if store and self.runs and store != self.runs:
            raise UsageError(codes.input_.USAGE, f"--runs {self.runs} and --runs {store} contradict each other")
        chosen = local or self.format
        if chosen is Format.junit and not tests:
            raise UsageError(codes.input_.FORMAT_UNFIT, "this command has no tests to show", resource="--format junit")
        if chosen is Format.html:
            from cmk_remediate.report import renderer

            renderer("html")  # refused now, and not after the work is done
        return replace(self, runs=store or self.runs, format=chosen)

    @property
    def palette(self) -> Colour:
        """When colour is used in the product: never in what a machine reads."""
        return self.colour if self.format in (None, Format.text, Format.markdown) else Colour.never

    def simulated(self) -> Path:
        """Return the state file of the embedded Azure.

        Raises:
            UsageError: CMK100 when none was given.
        """
        if self.simulate is None:
            raise UsageError(
                codes.input_.USAGE, "this command is about an embedded Azure: add --simulate FILE before it"
            )
        return self.simulate


def run_store(text: str | None) -> str | None:
    """Return the run store that ``--runs`` names, absolute.

    Raises:
        UsageError: CMK100 when it is empty, CMK130 when it is a URL of no run store or cannot be a folder.
    """
    if text is None:
        return None
    if not text.strip():
        raise UsageError(codes.input_.USAGE, "--runs takes a folder or a URL, and not nothing")
    if not is_remote(text):
        return files.absolute(text, codes.input_.RUNS_ADDRESS_WRONG, UsageError)
    try:
        return parse_address(text).text
    except InputError as error:
        raise UsageError(error.code, error.cause, resource=text) from error


def duration(text: str) -> timedelta:
    """Return what a duration such as ``150m`` says.

    Raises:
        UsageError: CMK100 when it is not one.
    """
    from cmk_remediate.planfile.schema import seconds

    try:
        return timedelta(seconds=seconds(text))
    except ValueError as error:
        raise UsageError(codes.input_.USAGE, str(error)) from error


def parse_doubts(texts: list[str]) -> tuple[tuple[str, str], ...]:
    """Return what ``--doubt NAME=READING`` says.

    Raises:
        UsageError: CMK100 when one is not of that shape, or named twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, equals, reading = text.partition("=")
        if not (name and equals and reading):
            raise UsageError(codes.input_.USAGE, f"--doubt takes NAME=READING, not {text!r}")
        if name in found:
            raise UsageError(codes.input_.USAGE, f"--doubt {name} is given twice")
        found[name] = reading
    return tuple(found.items())
