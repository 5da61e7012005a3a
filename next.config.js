/** @type {import('next').NextConfig} */
export default {
  // The database driver is patched in node_modules (see patches/) and must not be copied into a bundle.
  serverExternalPackages: ['postgres'],
  poweredByHeader: false,
  // Types are checked once, by `npm run check`; the build would only do it a second time.
  typescript: { ignoreBuildErrors: true },
}
