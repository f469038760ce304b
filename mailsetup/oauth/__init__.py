"""OAuth 2.0 sign-in in the browser: from a provider and a client id to tokens.

The flow is implemented here, the messages are built and parsed by `oauthlib`. The choice (November
2026):

- ``oauthlib`` builds and parses every message (PKCE, state, tokens, device code) without any I/O,
  so that all HTTP goes through `mailsetup.net` on the loop in use, with its limits and its trust
  anchors. 0.8 MB, no dependencies.
- ``authlib`` can do the same, but its clients require an HTTP library (``httpx`` or ``requests``),
  ``joserfc`` and ``cryptography``: 18 MB. Its server half is the tests' authorization server.
- ``msal`` and ``google-auth-oauthlib`` support one provider each and open sockets themselves.

None of them has the loopback redirect (RFC 8252), the metadata with the issuer (RFC 8414), dynamic
registration (RFC 7591) and the check of who may receive a token; these are implemented here.
"""
