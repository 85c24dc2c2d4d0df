"""How deep and how large a written document may be, judged before and after a parser has it: hostile files must not hang us."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def is_shallow(text: str, *, deepest: int) -> bool:
    """Say whether no brackets of *text*, YAML or JSON, stand in more than *deepest* others: a parser would take minutes."""
    depth = 0
    for sign in re.findall(r"[\[\]{}]", text):
        depth = max(0, depth + (1 if sign in "[{" else -1))
        if depth > deepest:
            return False
    return True


def is_bounded(tree: Any, *, most: int, deepest: int) -> bool:
    """Say whether *tree* has at most *most* values, none under more than *deepest* others.

    Each alias of YAML is counted as what it stands for.
    """
    left = most
    open_nodes = [(tree, 0)]
    while open_nodes:
        node, depth = open_nodes.pop()
        inner = (
            list(node.values()) if isinstance(node, Mapping) else node if isinstance(node, (list, tuple, set)) else ()
        )
        left -= 1 + len(inner)
        if left < 0 or depth > deepest:
            return False
        open_nodes.extend((item, depth + 1) for item in inner)
    return True
