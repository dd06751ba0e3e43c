"""Who asks for a need: counted for everybody, seen by almost nobody (docs/adr/0032)."""
