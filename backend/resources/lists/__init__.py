"""The console's month of resources, and the list as an Excel file, out and in."""
