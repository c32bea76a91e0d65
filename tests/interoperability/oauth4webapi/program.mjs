// A relying party with oauth4webapi. It has one user at a time, so it needs no cookie.

import * as oauth from "oauth4webapi";
import { serve } from "./serve.mjs";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, ORIGIN, SCOPE } = process.env;

const issuer = new URL(ISSUER);
const insecure = { [oauth.allowInsecureRequests]: true };
const server = await oauth
  .discoveryRequest(issuer, insecure)
  .then((response) => oauth.processDiscoveryResponse(issuer, response));
const client = { client_id: CLIENT_ID };
const authentication = CLIENT_SECRET ? oauth.ClientSecretPost(CLIENT_SECRET) : oauth.None();
let verifier, state, nonce, tokens;

async function verified(response, process) {
  const answer = await process(response);
  await oauth.validateApplicationLevelSignature(server, response, insecure);
  return answer;
}

serve({
  // The parameters of the address replace those of the authorization request.
  "/login": async ({ searchParams }) => {
    verifier = oauth.generateRandomCodeVerifier();
    state = oauth.generateRandomState();
    nonce = oauth.generateRandomNonce();
    const address = new URL(server.authorization_endpoint);
    const request = {
      client_id: CLIENT_ID,
      redirect_uri: `${ORIGIN}/callback`,
      response_type: "code",
      scope: SCOPE,
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    };
    address.search = new URLSearchParams({ ...request, ...Object.fromEntries(searchParams) });
    return address;
  },
  "/callback": async (address) => {
    const parameters = oauth.validateAuthResponse(server, client, address, state);
    const response = await oauth.authorizationCodeGrantRequest(
      server, client, authentication, parameters, `${ORIGIN}/callback`, verifier, insecure,
    );
    const expected = { expectedNonce: nonce, requireIdToken: true };
    tokens = await verified(response, (answer) =>
      oauth.processAuthorizationCodeResponse(server, client, answer, expected),
    );
    return { claims: oauth.getValidatedIdTokenClaims(tokens), scope: tokens.scope };
  },
  "/userinfo": async () => {
    const response = await oauth.userInfoRequest(server, client, tokens.access_token, insecure);
    const { sub } = oauth.getValidatedIdTokenClaims(tokens);
    return oauth.processUserInfoResponse(server, client, sub, response);
  },
  "/refresh": async () => {
    const response = await oauth.refreshTokenGrantRequest(
      server, client, authentication, tokens.refresh_token, insecure,
    );
    tokens = await verified(response, (answer) => oauth.processRefreshTokenResponse(server, client, answer));
    return { claims: oauth.getValidatedIdTokenClaims(tokens) };
  },
  "/revoke": async () => {
    const response = await oauth.revocationRequest(
      server, client, authentication, tokens.refresh_token, insecure,
    );
    await oauth.processRevocationResponse(response);
    return {};
  },
  // oauth4webapi has no function for the logout.
  "/logout": () => {
    const address = new URL(server.end_session_endpoint);
    address.search = new URLSearchParams({
      id_token_hint: tokens.id_token,
      post_logout_redirect_uri: `${ORIGIN}/goodbye`,
      state: "the state of the logout",
    });
    return address;
  },
  "/goodbye": ({ searchParams }) => ({ state: searchParams.get("state") }),
});
