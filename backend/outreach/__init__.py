"""What people who planned to come have to be told: whom a change concerns, and who was reached."""
