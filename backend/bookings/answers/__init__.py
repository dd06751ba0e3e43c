"""Bookings as they are shown: the rows with the names they need, and what each reader sees."""
