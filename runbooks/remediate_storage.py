"""Azure Automation runbook (Python 3.10) that moves storage accounts to customer-managed keys; docs/runbook.md has its argument."""

from __future__ import annotations

import sys

import cmk_remediate as cmk
from cmk_remediate import simulator

if __name__ == "__main__":
    cmk.run_job(" ".join(sys.argv[1:]), service="storage", simulated=simulator.open)
