"""The steps on an account, and what they share."""
