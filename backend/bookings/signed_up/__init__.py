"""The signed-up list: who holds what of an activity, for whoever runs it."""
