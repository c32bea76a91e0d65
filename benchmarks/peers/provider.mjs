// npm's oidc-provider on port PORT of loopback, with the clients that CLIENTS registers. It stores everything in the
// SQLite file DATABASE, or in memory without one. Instead of showing forms, it signs alice in and remembers the consent.
// Access tokens are opaque, refresh tokens rotate, and no ID token is made, since no client requests `openid`.

import { Provider } from "oidc-provider";
import { InMemory, openDatabase } from "./storage.mjs";

const { PORT, CLIENTS, DATABASE } = process.env;
const HOUR = 3600;
const SCOPE = "photos:read";

const photos = Array.from({ length: 10 }, (_, index) => ({
  id: `photo-${index}`.padEnd(24, "0"),
  title: `Photo ${index}`,
  content_type: "image/webp",
  width: 640,
  height: 480,
  size: 7628,
  created_at: "2026-01-01T00:00:00Z",
  image: `http://127.0.0.1:${PORT}/photos/${`photo-${index}`.padEnd(24, "0")}/image`,
}));

const provider = new Provider(`http://127.0.0.1:${PORT}`, {
  adapter: DATABASE ? openDatabase(DATABASE) : InMemory,
  clients: JSON.parse(CLIENTS),
  scopes: [SCOPE],
  pkce: { required: () => true },
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  ttl: { AccessToken: 2 * HOUR, AuthorizationCode: 60, Grant: 24 * HOUR, RefreshToken: 24 * HOUR, Session: 24 * HOUR, Interaction: HOUR },
  cookies: { keys: ["a key for the cookies of the benchmark"] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    revocation: { enabled: true },
  },
});

async function answerInteraction(ctx) {
  const { prompt, params } = await provider.interactionDetails(ctx.req, ctx.res);
  if (prompt.name === "login") {
    await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: "alice" } });
  } else {
    const grant = new provider.Grant({ accountId: "alice", clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    await provider.interactionFinished(ctx.req, ctx.res, { consent: { grantId: await grant.save() } });
  }
  ctx.respond = false;
}

async function listPhotos(ctx) {
  const [scheme, value] = ctx.get("authorization").split(" ");
  const token = scheme === "Bearer" ? await provider.AccessToken.find(value) : undefined;
  if (!token?.isValid || !token.scopes.has(SCOPE)) {
    ctx.status = 401;
    ctx.body = { error: "invalid_token" };
    return;
  }
  ctx.body = { photos, next: null };
}

provider.use(async (ctx, next) => {
  if (ctx.path === "/healthz") ctx.body = "ok";
  else if (ctx.path === "/photos") await listPhotos(ctx);
  else if (ctx.path.startsWith("/interaction/")) await answerInteraction(ctx);
  else await next();
});

provider.listen(Number(PORT), "127.0.0.1");
