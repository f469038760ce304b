"""Documents and records that let mail programs find a domain's settings automatically."""
