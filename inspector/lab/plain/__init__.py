"""A plain server: an authorization server and a photo API, built from the defaults of Authlib.

These rules keep the comparison fair:

- The models and queries are Authlib's own mixins and helpers (`authlib.integrations.sqla_oauth2`).
  The two grants add only the hooks that a subclass must define, as their documentation says.
- PKCE is registered as the documentation says: `CodeChallenge(required=True)`. By default, this
  applies to public clients only, and accepts the method `plain` (RFC 7636 §4.2).
- The views behave like those of the documentation's example server: the login redirects to the
  address in `next`, and the consent form has no token. Unlike there, the login needs a password.
- OpenID Connect and the logout are Authlib's too, with the logout view of its documentation.
- A refresh returns a new refresh token. Without this option, a client could refresh only once.

No weakness was added: where the defaults of Authlib refuse an attack, this server refuses it too.
Its data are invented, and exist in memory only while it runs.
"""
