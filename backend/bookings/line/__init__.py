"""The line at a stall: its order, who calls from it, what its desk sees, and how long one waits."""
