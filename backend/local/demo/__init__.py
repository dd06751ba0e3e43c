"""`make demo`: one market day, played over HTTP and recounted.

plan      who comes and what they want, drawn beforehand
client    a phone: sends a request until it is answered
tally     our own record: what was sent, what was answered
market    what a clerk does at the command line, and the market that the organiser makes
people    what a resident does, one request after the other
desk      what a stall does: call, start, finish
crowd     sixteen phones at work, and the kills in between
play      the day's phases
recount   our record against what the system says
show      progress and the final table
"""
