"""Dry run, apply, resume, verify and rollback, all made of one loop; knows no service."""
