"""Stalls, their services and slots, and the plan they stand on."""
