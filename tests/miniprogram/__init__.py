"""A package, so that pytest knows where its browser ends (scope="package")."""
