"""The console's list of needs, a need's page, and the list as a file."""
