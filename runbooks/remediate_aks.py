"""Azure Automation runbook (Python 3.10) that makes AKS clusters ready for customer-managed keys: docs/runbook.md."""

from __future__ import annotations

import sys

import cmk_remediate as cmk
from cmk_remediate import simulator

if __name__ == "__main__":
    cmk.run_job(" ".join(sys.argv[1:]), service="aks", simulated=simulator.open)
