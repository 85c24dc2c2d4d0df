"""The steps on an account and its encryption scopes, and what they share."""
