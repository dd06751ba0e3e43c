"""Excel files: sheets written for offices, and sheets read with the address of every cell."""
