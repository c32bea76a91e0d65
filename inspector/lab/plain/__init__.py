"""A plain server: the same kind of authorization server and photo API, made of Authlib's defaults and nothing more.

What that means, so that the comparison is fair:

- models and queries are Authlib's own mixins and helpers (`authlib.integrations.sqla_oauth2`); the two grants add what
  subclassing forces one to write, as the documentation of each hook has it;
- PKCE is registered, as the documentation says: `CodeChallenge(required=True)`. Its defaults take that to concern public
  clients alone, and let `plain` pass (RFC 7636 §4.2);
- the views do what those of the documentation's example server do: login goes on to wherever `next` says, and the consent
  form carries nothing that another site could not send. Unlike there, the password is asked for;
- a grant that is refreshed gets a new refresh token. Without that option, a client that follows the documentation could
  refresh once and no more.

No hole was dug here: where Authlib's defaults refuse an attack, this server refuses. Its data are made up, and live in
memory for as long as it serves.
"""
