"""The use cases and the flow: what both faces drive."""
