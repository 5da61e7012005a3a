// Loaded with --import into a program of somebody else's: it ends when the process that started it is gone. The option is
// inherited by that program's own children, which live by their channels: only the one that was meant is touched.
if (process.ppid === Number(process.env.PARLEY_PARENT)) {
  process.on('disconnect', () => process.exit(1))
  process.channel?.unref()
}
