import { execFileSync } from 'node:child_process'

/** Whom PostgreSQL runs as, when that is not ourselves. */
export interface RunAs {
  uid: number
  gid: number
}

const NAME = 'parley-postgres'

/** PostgreSQL refuses to run as root, so as root it runs as a system user of its own, made here when missing. Null: as we are. */
export function databaseUser(): RunAs | null {
  if (process.getuid?.() !== 0) return null
  let found = find()
  if (!found) {
    make()
    found = find()
  }
  if (!found) {
    throw new Error(
      `PostgreSQL cannot run as root, and this system has neither useradd nor adduser to make it a user of its own. ` +
        `Make a system user named ${NAME}, or start Parley as an ordinary user, or set DATABASE_URL to a PostgreSQL of yours.`,
    )
  }
  return found
}

function find(): RunAs | null {
  const id = (flag: string) => Number(execFileSync('id', [flag, NAME], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  try {
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    return null
  }
}

/** shadow's useradd, else busybox' adduser. Two processes may try at once: whoever loses finds the user afterwards. */
function make(): void {
  const attempts: [string, string[]][] = [
    [
      'useradd',
      ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/usr/sbin/nologin', NAME],
    ],
    ['adduser', ['-S', '-D', '-H', '-h', '/nonexistent', '-s', '/sbin/nologin', NAME]],
  ]
  for (const [command, args] of attempts) {
    try {
      execFileSync(command, args, { stdio: 'ignore', env: { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` } })
      return
    } catch {
      if (find()) return
    }
  }
}
