"""Who is logged in, and how: sessions of phones and of the console, passwords, devices."""
