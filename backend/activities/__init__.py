"""活动: activities of the three programmes, venues, stalls, offerings, slots, codes, presence."""
