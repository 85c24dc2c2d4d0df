"""Disks and their encryption sets: what every service needs that moves disks."""
