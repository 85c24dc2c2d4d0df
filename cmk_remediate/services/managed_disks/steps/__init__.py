"""The steps of managed disks."""
