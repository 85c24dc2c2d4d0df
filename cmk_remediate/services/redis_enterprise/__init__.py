"""Redis Enterprise and Azure Managed Redis: the customer-managed key of a cluster's disks."""
