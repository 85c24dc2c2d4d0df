"""Storage accounts: the account's customer-managed key, and its encryption scopes."""
