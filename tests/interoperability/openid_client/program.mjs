// A relying party with openid-client. It has one user at a time, so it needs no cookie.

import * as client from "openid-client";
import { serve } from "./serve.mjs";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, ORIGIN, SCOPE, ID_TOKEN_ALG } = process.env;

// Without the second, openid-client trusts the connection and does not verify the signature.
const options = { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] };
const metadata = { id_token_signed_response_alg: ID_TOKEN_ALG };
const config = CLIENT_ID
  ? await client.discovery(new URL(ISSUER), CLIENT_ID, metadata, client.ClientSecretBasic(CLIENT_SECRET), options)
  : await client.dynamicClientRegistration(new URL(ISSUER), describeClient(), undefined, options);
let checks, resource, tokens;

serve({
  // The parameters of the address replace those of the authorization request.
  "/login": async ({ searchParams }) => {
    const verifier = client.randomPKCECodeVerifier();
    const request = {
      redirect_uri: `${ORIGIN}/callback`,
      scope: SCOPE,
      state: client.randomState(),
      nonce: client.randomNonce(),
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    };
    checks = { pkceCodeVerifier: verifier, expectedState: request.state, expectedNonce: request.nonce };
    checks.idTokenExpected = true;
    if (searchParams.has("max_age")) checks.maxAge = Number(searchParams.get("max_age"));
    resource = searchParams.has("resource") ? { resource: searchParams.get("resource") } : {};
    return client.buildAuthorizationUrl(config, { ...request, ...Object.fromEntries(searchParams) });
  },
  "/callback": async (address) => {
    tokens = await client.authorizationCodeGrant(config, address, checks, resource);
    return { claims: tokens.claims(), scope: tokens.scope };
  },
  "/userinfo": () => client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub),
  "/refresh": async () => {
    tokens = await client.refreshTokenGrant(config, tokens.refresh_token);
    return { claims: tokens.claims() };
  },
  "/revoke": async () => {
    await client.tokenRevocation(config, tokens.refresh_token);
    return {};
  },
  "/api": async ({ searchParams }) => {
    const url = new URL(searchParams.get("url"));
    const answer = await client.fetchProtectedResource(config, tokens.access_token, url, "GET");
    return answer.json();
  },
  "/logout": () =>
    client.buildEndSessionUrl(config, {
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: `${ORIGIN}/goodbye`,
      state: "the state of the logout",
    }),
  "/goodbye": ({ searchParams }) => ({ state: searchParams.get("state") }),
});

// What a client sends that registers itself (RFC 7591).
function describeClient() {
  return {
    ...metadata,
    client_name: "openid-client",
    application_type: "native", // for http on loopback
    redirect_uris: [`${ORIGIN}/callback`],
    post_logout_redirect_uris: [`${ORIGIN}/goodbye`],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "client_secret_post",
    scope: `${SCOPE} offline_access`,
  };
}
