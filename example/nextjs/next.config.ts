import type { NextConfig } from 'next'

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  serverExternalPackages: ['libsql'], // native code: loaded by Node, not bundled
  turbopack: { root: import.meta.dirname }, // whatever lies in the folders above
}

export default config
