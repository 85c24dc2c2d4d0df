"""The open questions about Azure Kubernetes Service."""

from __future__ import annotations

from cmk_remediate.simulator.declare import Doubt

EPHEMERAL_SHOWS_SET = Doubt(
    name="aks-ephemeral-shows-set",
    sentence="Does the scale set of a pool with ephemeral OS disks name the cluster's disk encryption set?",
    source="unconfirmed: the documentation says that the cluster's set covers them, not where that shows",
    readings={"shown": "yes, like any other", "not-shown": "no: the cluster's own property alone says so"},
    default="shown",
)

CONTAINERSERVICE = (EPHEMERAL_SHOWS_SET,)
"""The doubts of Azure Kubernetes Service."""
