"""Everybody's inbox: what somebody must know, written in the transaction of what happened."""
