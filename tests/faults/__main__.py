"""`make faults`; the work is in a module of its own, which the processes it starts can import."""

from __future__ import annotations

from tests.faults.campaign import main

if __name__ == "__main__":
    raise SystemExit(main())
