"""The states a target is found in, as reviews and assessments call them; docs/how-it-works.md says what each means."""

from __future__ import annotations

PLATFORM = "platform"
HEALTHY = "customer (healthy)"
WRONG = "customer (wrong)"
NOT_CHECKABLE = "customer, not checkable"
SYSTEM_ASSIGNED = "customer, system-assigned"
CROSS_TENANT = "cross-tenant"
MANAGED_HSM = "managed HSM"
INACCESSIBLE = "inaccessible"
MIXED = "mixed"
IN_PROGRESS = "in progress"
FOREIGN = "foreign"
