"""What waits, in counts, each morning in the group chats of the office."""
