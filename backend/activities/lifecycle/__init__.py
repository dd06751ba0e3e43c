"""An activity from draft to its end: which moves may be made, making them, and its times."""
