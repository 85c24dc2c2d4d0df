"""Azure Kubernetes Service: a cluster is made ready for customer-managed keys, and rebuilt by hand."""
