"""The brief: what it says, and the document in which it says it."""
