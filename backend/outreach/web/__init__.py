"""Whom changes have reached, in the console."""
