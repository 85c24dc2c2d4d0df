"""The steps on one database."""
