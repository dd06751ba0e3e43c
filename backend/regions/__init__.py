"""区、镇（街道）、社区: the tree of administrative regions."""
