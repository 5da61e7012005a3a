// Plain JavaScript, so that an old Node can read as far as the sentence that says it is too old.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Parley needs Node 22.18 or newer; this is ${process.versions.node}. Run "npm ci" and start with "npm start": it brings Node 24 along.`,
  )
  process.exit(1)
}
const { launch } = await import('./start.ts')
await launch(process.cwd(), process.argv.includes('--dev') ? 'development' : 'production')
