package openapitest

// Here belongs the test that mounts a whole module, asks it for /openapi.json,
// reads that with describe, and sends it real requests, each of which goes
// through validateExchange.
