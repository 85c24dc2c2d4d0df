"""Tables of JSON records that know which of them changed since the last save."""

from __future__ import annotations

from typing import Any

Table = dict[str, Any]

TABLES = ("meta", "resources", "hidden", "principals", "operations", "timers", "ghosts", "history", "budgets")


class Store:
    """All state of the embedded Azure, as JSON.

    A record is never changed in place: it is put anew, so a copy of the tables is a copy of the state.

    Attributes:
        tables: table name -> key -> record.
        touched: what changed since `drain`, in order.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.tables: dict[str, Table] = {name: {} for name in TABLES}
        self.touched: dict[tuple[str, str], None] = {}

    def get(self, table: str, key: str, default: Any = None) -> Any:
        """Return a record."""
        return self.tables[table].get(key, default)

    def put(self, table: str, key: str, record: Any) -> None:
        """Keep a record."""
        self.tables[table][key] = record
        self.touched[table, key] = None

    def put_quietly(self, table: str, key: str, record: Any) -> None:
        """Keep a record that need not be saved for its own sake (a budget)."""
        self.tables[table][key] = record

    def drop(self, table: str, key: str) -> None:
        """Forget a record, if there is one."""
        if self.tables[table].pop(key, None) is not None:
            self.touched[table, key] = None

    def drain(self) -> list[list[Any]]:
        """Return what changed since the last call as ``[table, key, record]``, a dropped record as ``[table, key]``."""
        changes: list[list[Any]] = []
        for table, key in self.touched:
            records = self.tables[table]
            changes.append([table, key, records[key]] if key in records else [table, key])
        self.touched = {}
        return changes

    def replay(self, changes: list[list[Any]]) -> None:
        """Carry out what `drain` returned."""
        for table, key, *record in changes:
            if record:
                self.tables[table][key] = record[0]
            else:
                self.tables[table].pop(key, None)

    def clone(self) -> Store:
        """Return a copy that lives on its own; the records, never changed in place, are shared."""
        other = Store()
        other.tables = {name: dict(table) for name, table in self.tables.items()}
        return other
