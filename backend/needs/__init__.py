"""需求清单: what residents ask for, followed to its end."""
