"""Azure SQL managed instances: the instance-level protector of transparent data encryption."""
