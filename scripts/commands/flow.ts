import { readFileSync, writeFileSync } from 'node:fs'
import type { FlowDocument } from '@/lib/flow/flow'
import { serialiseFlow } from '@/lib/flow/serialise'
import { checkDocument } from '@/lib/studio/check-draft'
import { createFlow } from '@/lib/studio/create-flow'
import { getFlow } from '@/lib/studio/get-flow'
import { readDocument } from '@/lib/studio/read-document'
import { type Command, CommandError, ctxOf, findWorkspace, inDatabase, print, readArgs, required, say } from './command'
import { runFlow } from './flow-run'

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'unreadable'
    throw new CommandError(code === 'ENOENT' ? `There is no file ${file}.` : `${file} cannot be read (${code}).`)
  }
}

function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'not writable'
    throw new CommandError(`${file} cannot be written (${code}).`)
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readText(file))
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(`${file} is not JSON.`)
  }
}

const readFlowFile = (file: string): FlowDocument => readDocument(readJson(file))

export const flowCheck: Command = {
  usage: 'flow check FILE [--json]',
  run: async (args) => {
    const { values, positionals } = readArgs(args, { json: { type: 'boolean', default: false } }, 1)
    const { isPublishable, findings } = checkDocument(readJson(required(positionals[0], 'FILE')))
    for (const finding of findings) {
      const where = [finding.node && `node ${finding.node}`, finding.port && `port ${finding.port}`, finding.field]
        .filter(Boolean)
        .join(', ')
      print(
        values.json
          ? JSON.stringify(finding)
          : `${finding.severity} ${finding.code}${where ? ` (${where})` : ''}: ${finding.message}`,
      )
    }
    if (!isPublishable) throw new CommandError('The flow has errors and cannot be published.')
    if (findings.length === 0) say('Nothing to mend.')
  },
}

export const flowRun: Command = {
  usage: 'flow run FILE --events FILE.jsonl',
  run: async (args) => {
    const { values, positionals } = readArgs(args, { events: { type: 'string' } }, 1)
    const document = readFlowFile(required(positionals[0], 'FILE'))
    const events = readText(required(values.events, '--events'))
    for (const line of runFlow(document, events.split('\n'))) print(line)
  },
}

export const flowExport: Command = {
  usage: 'flow export FLOW_ID [--out FILE] [--workspace W]',
  run: async (args) => {
    const { values, positionals } = readArgs(args, { out: { type: 'string' }, workspace: { type: 'string' } }, 1)
    const flowId = required(positionals[0], 'FLOW_ID')
    await inDatabase(async (database) => {
      const workspace = await findWorkspace(database, values.workspace)
      const text = serialiseFlow((await getFlow(ctxOf(database, workspace.id), flowId)).draft)
      if (values.out === undefined) process.stdout.write(text)
      else writeText(values.out, text)
    })
  },
}

export const flowImport: Command = {
  usage: 'flow import FILE [--workspace W]',
  run: async (args) => {
    const { values, positionals } = readArgs(args, { workspace: { type: 'string' } }, 1)
    const document = readFlowFile(required(positionals[0], 'FILE'))
    await inDatabase(async (database) => {
      const workspace = await findWorkspace(database, values.workspace)
      const { id, name } = await createFlow(ctxOf(database, workspace.id), { document })
      say(`"${name}" is a new flow of ${workspace.name}:`)
      print(id)
    })
  },
}
