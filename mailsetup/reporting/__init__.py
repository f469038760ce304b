"""What was found, on paper: one page for a person, then the technician's page."""
