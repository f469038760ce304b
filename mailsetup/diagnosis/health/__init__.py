"""Checks of the domain's DNS records and of a received message."""
