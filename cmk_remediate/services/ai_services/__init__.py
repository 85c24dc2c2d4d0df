"""Azure AI services (Microsoft.CognitiveServices/accounts): the account's customer-managed key."""
