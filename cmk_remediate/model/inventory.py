"""What of a kind of resource a copy of an estate needs: declared here, read by `cmk_remediate.inventory`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Child:
    """What hangs below a resource and is copied with it.

    Attributes:
        type: the last segment of its type (``keys``).
        verb: the catalog row of the parent that lists it; empty for one child of a known *name*.
        name: its name, where there is just one.
        whole: whether the list shows its items whole; if not, each is read by itself.
        without: names, in lower case, whose own children are not read.
        children: what hangs below it.
    """

    type: str
    verb: str = ""
    name: str = ""
    whole: bool = True
    without: tuple[str, ...] = ()
    children: tuple[Child, ...] = ()


@dataclass(frozen=True)
class Kind:
    """A type of resource that plans move or use.

    Attributes:
        type: the full type.
        query: further arguments of its GET.
        also: catalog rows that read it again, in api-versions that show members its GET leaves out.
        children: what hangs below it.
        in_region: what lies beside it, under its region's place in its resource group (``locations/westeurope``).
    """

    type: str
    query: tuple[tuple[str, str], ...] = ()
    also: tuple[str, ...] = ()
    children: tuple[Child, ...] = ()
    in_region: tuple[Child, ...] = ()

    @property
    def namespace(self) -> str:
        """The resource provider."""
        return self.type.partition("/")[0]
