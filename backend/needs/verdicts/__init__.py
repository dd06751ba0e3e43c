"""Whether a need is solved: said by those who asked, round by round (docs/rules/needs.md)."""
