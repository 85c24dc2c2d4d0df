"""Azure Automation runbook (Python 3.10) that moves Azure SQL databases to keys of their own; docs/runbook.md has its argument."""

from __future__ import annotations

import sys

import cmk_remediate as cmk
from cmk_remediate import simulator

if __name__ == "__main__":
    cmk.run_job(" ".join(sys.argv[1:]), service="sql-database", simulated=simulator.open)
