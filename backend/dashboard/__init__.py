"""What was achieved: totals by region and period, kept by a job."""
