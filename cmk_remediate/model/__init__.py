"""Frozen data without I/O: the words of this project as types."""
