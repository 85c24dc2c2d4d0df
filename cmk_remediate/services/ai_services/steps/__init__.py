"""The steps of an AI services account."""
