// Package betterauthtest sends tokens of the real issuers through a mounted
// module: of the npm package better-auth, in every configuration that matters,
// and of the OpenID provider oidc-provider. It has tests only.
//
// They need Node 20 or newer and the packages of package-lock.json, which
// npm ci installs here. Where these are missing, tests are skipped; with
// AUTHTODO_REQUIRE or CI=true in the environment packages are installed, and
// without Node tests fail.
package betterauthtest
