"""The steps of whatever has a protector of transparent data encryption: one module each, and what they judge by."""
