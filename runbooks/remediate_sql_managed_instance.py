"""Azure Automation runbook (Python 3.10) that moves SQL managed instances to customer-managed keys; see docs/runbook.md."""

from __future__ import annotations

import sys

import cmk_remediate as cmk
from cmk_remediate import simulator

if __name__ == "__main__":
    cmk.run_job(" ".join(sys.argv[1:]), service="sql-managed-instance", simulated=simulator.open)
