"""What the domain's DNS and a message that arrived say about the mail's identity."""
