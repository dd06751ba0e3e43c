"""Needs as the API answers them: without persons."""
