"""Files of companies into rows of the contract: profiles and mappings, rejects, checkpoints."""
