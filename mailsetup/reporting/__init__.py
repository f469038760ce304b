"""Reports: one page for a person, then the technician's page."""
