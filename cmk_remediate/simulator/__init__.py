"""An embedded Azure: real SDK clients talk to it, unaware, in virtual time. It is no proof of how Azure behaves.

`open` gives a connection that the verbs take; `azure` the object behind, for tests; `requests` and `advance` serve the command
line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmk_remediate import codes
from cmk_remediate.files import naming
from cmk_remediate.simulator.settings import Settings

if TYPE_CHECKING:
    from cmk_remediate.model.protocols import Connection
    from cmk_remediate.simulator.declare import Provider
    from cmk_remediate.simulator.embedded import EmbeddedAzure

Estate = Mapping[str, Any] | Path | str
"""An estate, or the path of an estate file (YAML or JSON)."""

__all__ = ["Settings", "advance", "azure", "open", "requests"]


def azure(
    path: Path | str | None = None,
    *,
    estate: Estate | None = None,
    seed: int = 0,
    doubts: Iterable[str] | Mapping[str, str] = (),
    settings: Settings | None = None,
    create: bool = True,
    providers: Iterable[Provider] | None = None,
) -> EmbeddedAzure:
    """Open an embedded Azure and return the object itself.

    Args:
        path: its state file, made if missing; None keeps it in memory.
        estate: what is there at first; the demo estate where none is given.
        seed: what chance goes by.
        doubts: readings of open questions, as a mapping or as ``NAME=READING`` texts.
        settings: how it behaves; an estate's own ``settings`` go on top.
        create: whether a missing *path* may be made.
        providers: the resource providers it has; all there are where none are given.

    Raises:
        FileNotFoundError: *path* is missing and *create* is false.
        InputError: CMK106: file, estate or doubt is not valid.
    """
    from cmk_remediate.simulator import embedded  # noqa: PLC0415 - loads azure.core
    from cmk_remediate.simulator import estate as files  # noqa: PLC0415 - as above

    content: Mapping[str, Any] | None = None
    if path is None or not _is_there(path):
        given = demo_estate() if estate is None else estate
        content = given if isinstance(given, Mapping) else files.read(Path(given))
    if path is not None and not create and content is not None:
        raise FileNotFoundError(str(path))
    readings = doubts if isinstance(doubts, Mapping) else dict(one.partition("=")[::2] for one in doubts)
    with naming("" if path is None else path, codes.input_.ESTATE_INVALID):
        return embedded.open_azure(
            path, content=content, seed=seed, doubts=readings, settings=settings, create=create, providers=providers
        )


def _is_there(path: Path | str) -> bool:
    """Say whether there is a state file at *path*.

    Raises:
        InputError: CMK106 when there is something else, or there can be nothing.
    """
    with naming(path, codes.input_.ESTATE_INVALID):
        file = Path(path)
        if file.exists() and not file.is_file():
            message = "it is no file"  # a pipe would be waited for
            raise ValueError(message)
        return file.exists()


def open(  # noqa: A001 - simulator.open reads as what it does
    path: Path | str | None = None,
    *,
    estate: Estate | None = None,
    seed: int = 0,
    doubts: Iterable[str] | Mapping[str, str] = (),
    settings: Settings | None = None,
    create: bool = True,
) -> Connection:
    """Open an embedded Azure as `azure` does and return the operator's connection to it."""
    return azure(path, estate=estate, seed=seed, doubts=doubts, settings=settings, create=create).connection()


def demo_estate() -> Path:
    """Return the path of the demo estate."""
    folder = Path(__file__).parent / "estates"
    return folder / "demo.yaml"


def requests(path: Path | str) -> list[dict[str, Any]]:
    """Return every request the state file *path* has seen, oldest first.

    Raises:
        FileNotFoundError: there is no such state file.
        InputError: CMK106: it, or the log beside it, is no file of an embedded Azure.
    """
    file = Path(path)
    if not _is_there(file):
        raise FileNotFoundError(str(path))
    log = file.with_name(file.name + ".requests.ndjson")
    with naming(log, codes.input_.ESTATE_INVALID):
        if not log.exists():
            return []
        return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines() if line.endswith("}")]


def advance(path: Path | str, seconds: float) -> list[str]:
    """Let time pass in the state file *path* and return what happened, a sentence each.

    Raises:
        FileNotFoundError: there is no such state file.
    """
    return azure(path, create=False).advance(seconds)
