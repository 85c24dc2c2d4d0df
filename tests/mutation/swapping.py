"""Puts the code of a mutant in the place of what is loaded: nothing is imported anew, so a mutant takes as long as its tests."""

from __future__ import annotations

import gc
import inspect
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def swap(before: str, after: str, path: str) -> bool:
    """Let every loaded function of the module *before*, whose file is *path*, run what it is in *after*.

    Returns False, and changes nothing, where something runs at import that differs: that needs a process of its own.
    """
    old_module, new_module = (compile(one, path, "exec", dont_inherit=True) for one in (before, after))
    pairs = list(_differing(old_module, new_module))
    loaded = [one for one in gc.get_objects() if isinstance(one, FunctionType) and one.__code__.co_filename == path]
    found = [(one, new) for old, new, _ in pairs if new is not None for one in loaded if one.__code__ == old]
    living = {one.__code__ for one, _ in found}
    if not pairs or any(new is None or (outermost and old not in living) for old, new, outermost in pairs):
        return False
    if any(one.__code__.co_freevars != new.co_freevars for one, new in found):
        return False
    for one, new in found:
        one.__code__ = new
    return True


def _differing(
    old: CodeType, new: CodeType, *, inside: bool = False
) -> Iterator[tuple[CodeType, CodeType | None, bool]]:
    """Yield the functions that differ, as each was and is, and whether it is in no other; what cannot be swapped without the new.

    *inside*: both are functions; else they are what runs at import, a module or the body of a class.
    """
    mine, others = _nested(old), _nested(new)
    if not inside and (_without_nested(old) != _without_nested(new) or len(mine) != len(others)):
        yield old, None, True
        return
    for one, other in zip(mine, others, strict=False):
        if one == other:
            continue
        function = bool(one.co_flags & inspect.CO_OPTIMIZED)
        if function:
            yield one, other, not inside
        yield from _differing(one, other, inside=inside or function)


def _nested(code: CodeType) -> list[CodeType]:
    return [one for one in code.co_consts if isinstance(one, CodeType)]


def _without_nested(code: CodeType) -> tuple[object, ...]:
    """Return what *code* does by itself; two that are equal do the same."""
    # 1 == True and 1 == 1.0, but they are not the same constant.
    consts = [repr(one) for one in code.co_consts if not isinstance(one, CodeType)]
    return code.co_code, code.co_names, code.co_varnames, consts
