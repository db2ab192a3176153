import { join } from 'node:path'

import type { NextConfig } from 'next'

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  serverExternalPackages: ['libsql'], // native code: loaded by Node, not bundled
  turbopack: { root: join(import.meta.dirname, '../..') }, // where clients/ts is, too
}

export default config
