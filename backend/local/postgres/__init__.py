"""A PostgreSQL server of our own on this machine, and the user that runs it."""
