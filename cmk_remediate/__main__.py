"""``python -m cmk_remediate`` is ``cmk-remediate``."""

from __future__ import annotations

import sys

from cmk_remediate.cli import main

if __name__ == "__main__":
    sys.exit(main())
