"""Tries in a fork what runs at import: the checkout's modules are forgotten, and imported anew with a mutant in place of one."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_file_location
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from pathlib import Path
    from types import CodeType, ModuleType

OURS = ("cmk_remediate", "tests")
"""The packages that are imported anew; what they stand on stays as it is, which is most of the time saved."""


class _Mutant(SourceFileLoader):
    """Loads *source* as if it stood in the file at *path*."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source given, whatever the file or its cache holds."""
        compiled: CodeType = compile(self._source, self.path, "exec", dont_inherit=True)
        return compiled


class Instead(MetaPathFinder):
    """Finds one module: the mutant.

    Args:
        module: its path within the checkout.
        source: what it is now.
    """

    def __init__(self, module: Path, source: str) -> None:
        """Work out the module's name."""
        self._is_package = module.stem == "__init__"
        self.name = ".".join((module.parent if self._is_package else module.with_suffix("")).parts)
        self._path = module.resolve()
        self._source = source

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return where the mutant is; None for every other module."""
        if fullname != self.name:
            return None
        inside = [str(self._path.parent)] if self._is_package else None
        loader = _Mutant(fullname, str(self._path), self._source)
        return spec_from_file_location(fullname, self._path, loader=loader, submodule_search_locations=inside)


def fails_anew(module: Path, source: str, tests: Sequence[Sequence[str]]) -> bool:
    """Run *tests*, one list after the other, with *source* as *module*; say whether any fails or cannot even be collected.

    The process is of no other use afterwards: its modules are forgotten.
    """
    for name in [one for one in sys.modules if one.partition(".")[0] in OURS]:
        del sys.modules[name]
    sys.meta_path.insert(0, Instead(module, source))
    return any(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *part]) for part in tests if part)
