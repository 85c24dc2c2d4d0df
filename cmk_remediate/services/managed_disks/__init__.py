"""Managed disks: of virtual machines, all at once, and those that hang on none."""
