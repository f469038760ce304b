"""What a hosting publishes so that every mail program finds a domain's settings by itself."""
