// A web application with Auth.js for Express, as its documentation shows it.

import { ExpressAuth, getSession } from "@auth/express";
import express from "express";

const { ISSUER, CLIENT_ID, CLIENT_SECRET, ORIGIN, SCOPE } = process.env;

const config = {
  secret: "encrypts the cookies of a test, and has 32 characters or more",
  trustHost: true,
  providers: [
    {
      id: "tripod",
      name: "Tripod ID",
      type: "oidc",
      issuer: ISSUER,
      clientId: CLIENT_ID,
      clientSecret: CLIENT_SECRET,
      authorization: { params: { scope: SCOPE } },
      checks: ["pkce", "state", "nonce"],
      idToken: false, // The name and the email address come from userinfo.
    },
  ],
  callbacks: { jwt: keepTokens, session: showClaims },
};

async function keepTokens({ token, account, profile, trigger }) {
  if (account) return { ...token, sub: profile.sub, refresh_token: account.refresh_token };
  if (trigger === "update") return { ...token, ...(await refresh(token.refresh_token)) };
  return token;
}

function showClaims({ session, token }) {
  return { ...session, sub: token.sub, refreshed: token.refreshed };
}

// Auth.js has no function for it. Its guide to the rotation of refresh tokens sends this request.
async function refresh(refresh_token) {
  const { token_endpoint } = await (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json();
  const form = { grant_type: "refresh_token", client_id: CLIENT_ID, client_secret: CLIENT_SECRET, refresh_token };
  const response = await fetch(token_endpoint, { method: "POST", body: new URLSearchParams(form) });
  const tokens = await response.json();
  if (!response.ok) throw tokens;
  return { refresh_token: tokens.refresh_token, refreshed: "id_token" in tokens };
}

const app = express();
app.use("/auth/*", ExpressAuth(config));
app.get("/", async (request, response) => response.json(await getSession(request, config)));
app.listen(new URL(ORIGIN).port, "127.0.0.1", () => console.log("ready"));
