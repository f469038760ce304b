"""The use cases and the flow, for window and command line."""
