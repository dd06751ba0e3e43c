"""The schedule of all three programmes: calendar, many copies at once, imports from Excel."""
