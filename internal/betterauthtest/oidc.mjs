// An OpenID provider that is not Better Auth: panva's oidc-provider.

import { generateKeyPairSync, randomBytes } from "node:crypto";

import Provider from "oidc-provider";

const pairs = {
  RS256: ["rsa", { modulusLength: 2048 }],
  PS256: ["rsa", { modulusLength: 2048 }],
  ES256: ["ec", { namedCurve: "P-256" }],
  ES384: ["ec", { namedCurve: "P-384" }],
  ES512: ["ec", { namedCurve: "P-521" }],
  EdDSA: ["ed25519"],
};

const keys = Object.entries(pairs).map(([alg, pair]) => {
  const { privateKey } = generateKeyPairSync(...pair);
  return { ...privateKey.export({ format: "jwk" }), alg, use: "sig", kid: `key of ${alg}` };
});

// serve makes the provider. It has a client page-ALG for each algorithm, whose ID
// tokens are signed with that. A resource is urn:AUDIENCE:ALG, which says what its
// access tokens are for and how they are signed.
export function serve(url) {
  const client_secret = randomBytes(32).toString("base64url");
  const clients = Object.keys(pairs).map((alg) => ({
    client_id: "page-" + alg,
    client_secret,
    redirect_uris: [url + "/callback"],
    grant_types: ["authorization_code", "client_credentials"],
    token_endpoint_auth_method: "client_secret_post",
    id_token_signed_response_alg: alg,
  }));
  const provider = new Provider(url, {
    clients,
    jwks: { keys },
    cookies: { keys: [randomBytes(32).toString("base64url")] },
    enabledJWA: { idTokenSigningAlgValues: Object.keys(pairs) },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    pkce: { required: () => false },
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => {
          const [, audience, alg] = resource.split(":");
          return { scope: "todos", audience, accessTokenFormat: "jwt", jwt: { sign: { alg } } };
        },
      },
    },
  });
  return { handler: provider.callback(), asks: { secret: () => client_secret } };
}
