// npm's oidc-provider, a certified OpenID provider, at a free port of loopback. Clients register themselves. Its forms
// have the fields of Tripod's, so that the same user can fill them in. It prints its issuer.

import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { generateKeyPairSync } from "node:crypto";
import { interactionPolicy, Provider } from "oidc-provider";

const page = (form) => `<!doctype html><title>A certified server</title><form method="post">${form}</form>`;
const loginForm = '<input name="username"><input name="password" type="password"><button>Log in</button>';
const makeKey = (type, options) => generateKeyPairSync(type, options).privateKey.export({ format: "jwk" });

function makeConsentForm(scope) {
  const boxes = scope.split(" ").map((name) => `<input type="checkbox" name="granted_scope" value="${name}" checked>`);
  const buttons = ["allow", "deny"].map((name) => `<button name="decision" value="${name}">${name}</button>`);
  return [...boxes, ...buttons].join("");
}

// Without this check, which asks for the consent of every client on loopback each time.
const policy = interactionPolicy.base();
policy.get("consent").checks.remove("native_client_prompt");
const server = createServer();

server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    claims: { profile: ["name"], email: ["email"] },
    jwks: { keys: [makeKey("rsa", { modulusLength: 2048 }), makeKey("ec", { namedCurve: "P-256" })] },
    enabledJWA: { idTokenSigningAlgValues: ["RS256", "ES256"] },
    pkce: { required: () => true },
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    cookies: { keys: ["signs the cookies of a test"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: "Alice Liddell", email: "alice@example.com" }),
    }),
    interactions: { policy, url: (_, interaction) => `/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true },
      revocation: { enabled: true },
      resourceIndicators: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          ctx.body = form.replace("</form>", '<button name="logout" value="yes">Sign out</button></form>');
        },
      },
    },
  });

  async function decide(details, fields) {
    if (details.prompt.name === "login") return { login: { accountId: fields.get("username") } };
    if (fields.get("decision") === "deny") return { error: "access_denied" };
    const owner = { accountId: details.session.accountId, clientId: details.params.client_id };
    const grant = details.grantId ? await provider.Grant.find(details.grantId) : new provider.Grant(owner);
    grant.addOIDCScope(fields.getAll("granted_scope").join(" "));
    return { consent: { grantId: await grant.save() } };
  }

  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith("/interaction/")) return next();
    const details = await provider.interactionDetails(ctx.req, ctx.res);
    if (ctx.method === "GET") {
      ctx.body = page(details.prompt.name === "login" ? loginForm : makeConsentForm(details.params.scope));
      return;
    }
    const result = await decide(details, new URLSearchParams(await text(ctx.req)));
    await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
    ctx.respond = false;
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
