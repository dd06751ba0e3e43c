"""The audit log's pages: looking through it, and its export."""
