"""The steps of Azure Kubernetes Service."""
