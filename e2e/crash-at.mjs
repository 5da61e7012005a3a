/**
 * Loaded into a process of the production build by the tests: with CRASH_AT=send:answered and CRASH_NTH=2 it kills the
 * process, without warning, when that point of lib/runtime/probe.ts is passed for the second time. Idle otherwise.
 */
import { subscribe } from 'node:diagnostics_channel'

const { CRASH_AT: at, CRASH_NTH: nth = '1' } = process.env
if (at) {
  let left = Number(nth)
  subscribe('parley:engine', (message) => {
    if (message.point !== at) return
    left -= 1
    if (left <= 0) process.kill(process.pid, 'SIGKILL')
  })
}
