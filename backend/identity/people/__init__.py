"""Who is who: people written in by others, found, told apart, merged and forgotten."""
