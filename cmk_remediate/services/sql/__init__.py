"""Azure SQL logical servers: the server-level protector of transparent data encryption."""
