"""Microsoft.Sql/managedInstances: instances, their keys and protectors, databases and their encryption, failover groups."""
