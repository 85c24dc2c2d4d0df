"""Azure SQL databases with a customer-managed key of their own, beside their server's protector."""
