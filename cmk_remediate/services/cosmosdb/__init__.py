"""Azure Cosmos DB accounts: the account-wide customer-managed key."""
