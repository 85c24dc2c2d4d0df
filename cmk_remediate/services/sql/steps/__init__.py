"""The steps of Azure SQL: one module each."""
