"""Sign-in in the browser (OAuth 2.0): from a provider and a client id to tokens.

The flow is ours; the arithmetic of the messages is `oauthlib`'s. The choice (November 2026):

- ``oauthlib`` builds and reads every message (PKCE, state, tokens, device code) without any I/O, so
  that all HTTP goes through `mailsetup.net`, on our loop, with its limits and its trust. 0.8 MB,
  nothing behind it.
- ``authlib`` can do the same, but its clients come with an HTTP library of their own (``httpx`` or
  ``requests``), and it needs ``joserfc`` and ``cryptography`` behind it: 18 MB. Its server half is
  what the tests sign in at.
- ``msal`` and ``google-auth-oauthlib`` know one provider each and open sockets by themselves.

Not in any of them, and therefore here: the landing page on loopback (RFC 8252), the metadata with
its issuer (RFC 8414), registration (RFC 7591), and who may receive a token.
"""
