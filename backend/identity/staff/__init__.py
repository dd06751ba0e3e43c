"""Colleagues and their roles: given, taken, listed."""
