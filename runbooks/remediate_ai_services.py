"""Azure Automation runbook (Python 3.10) that moves AI services to customer-managed keys; docs/runbook.md has its argument."""

from __future__ import annotations

import sys

import cmk_remediate as cmk
from cmk_remediate import simulator

if __name__ == "__main__":
    cmk.run_job(" ".join(sys.argv[1:]), service="ai-services", simulated=simulator.open)
