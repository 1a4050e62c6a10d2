"""Other readers, linters, translators and oracles."""
