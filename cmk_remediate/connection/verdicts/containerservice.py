"""Errors of Azure Kubernetes Service: those of its disk encryption set come through it."""

from __future__ import annotations

from cmk_remediate.connection.verdicts import compute
from cmk_remediate.connection.verdicts.kinds import Table

TABLE = Table(
    namespace="microsoft.containerservice",
    codes=compute.TABLE.codes,
    said=compute.TABLE.said,
    texts=compute.TABLE.texts,
)
"""A pool that cannot be made answers ``CreateVMSSAgentPoolFailed`` with the text of Microsoft.Compute: azure-docs#96319."""
