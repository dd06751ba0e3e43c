"""合伙人、社会组织: the organisations that run stalls."""
