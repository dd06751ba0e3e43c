"""签到: personal codes, scans, what follows from them."""
