// An authorization server that nobody here wrote (npm's oidc-provider), at a free port of loopback, with the clients
// that CLIENTS registers and the issuer that MOUNT is the path of. Its development pages sign anybody in, under any
// password. It prints its issuer, and then what becomes of grants and tokens, a line each.

import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const mount = process.env.MOUNT;
const server = createServer();

server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}${mount}`;
  const provider = new Provider(issuer, {
    clients: JSON.parse(process.env.CLIENTS),
    scopes: ["photos:read"],
    claims: { profile: ["name"] },
    pkce: { required: () => true },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    ttl: { AccessToken: 120, RefreshToken: 3600 },
    cookies: { keys: ["signs the cookies of a test"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: id }) }),
    features: {
      devInteractions: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
    },
  });
  for (const event of ["authorization_code.consumed", "refresh_token.consumed", "grant.revoked"]) {
    provider.on(event, () => console.log(event));
  }
  provider.on("grant.error", (_, error) => console.log("grant.error", error.error, error.error_detail));
  const answer = provider.callback();
  server.on("request", (request, response) => {
    if (!request.url.startsWith(`${mount}/`)) {
      response.writeHead(404).end();
      return;
    }
    request.originalUrl = request.url;
    request.url = request.url.slice(mount.length);
    answer(request, response);
  });
  console.log(issuer);
});
