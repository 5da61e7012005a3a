import { z } from '@hono/zod-openapi'
import { serialiseFlow } from '@/lib/flow/serialise'
import { checkDraft, checkForWorkspace } from '@/lib/studio/check-draft'
import { CreateFlowInput, createFlow } from '@/lib/studio/create-flow'
import { getFlow, getVersion, listFlows } from '@/lib/studio/get-flow'
import { listVersions } from '@/lib/studio/mid-flow'
import { PublishInput, publish } from '@/lib/studio/publish'
import { SaveDraftInput, saveDraft } from '@/lib/studio/save-draft'
import { UnpublishInput, unpublish } from '@/lib/studio/unpublish'
import { AccountId, type Api, body, endpoint, FlowId, json } from './endpoint'
import { Checked, Document, Flow, FlowSummary, FlowVersion, FlowVersionRow, Published } from './schemas'

const tags = ['Flows']
const params = z.object({ flowId: FlowId })

export function flowRoutes(api: Api): void {
  api.openapi(
    endpoint('GET /flows', {
      tags,
      summary: 'List the flows',
      responses: { 200: json(z.object({ items: z.array(FlowSummary) }), 'All of them, the last changed first.') },
    }),
    async (c) => c.json({ items: await listFlows(c.get('ctx')) }, 200),
  )
  api.openapi(
    endpoint('POST /flows', {
      tags,
      summary: 'Create a flow, empty or from a document',
      request: { body: body(CreateFlowInput) },
      responses: { 201: json(Flow, 'The flow, with its draft.') },
    }),
    async (c) => c.json(await createFlow(c.get('ctx'), c.req.valid('json')), 201),
  )
  api.openapi(
    endpoint('GET /flows/{flowId}', {
      tags,
      summary: 'Read a flow and its draft',
      request: { params },
      responses: { 200: json(Flow, 'The flow.') },
    }),
    async (c) => c.json(await getFlow(c.get('ctx'), c.req.valid('param').flowId), 200),
  )
  api.openapi(
    endpoint('PUT /flows/{flowId}/draft', {
      tags,
      summary: 'Save the draft; 409 with the current one when somebody else saved in between',
      request: { params, body: body(SaveDraftInput.omit({ flowId: true })) },
      responses: { 200: json(z.object({ revision: z.int() }), 'Saved: the revision to name next time.') },
    }),
    async (c) => c.json(await saveDraft(c.get('ctx'), { ...c.req.valid('json'), ...c.req.valid('param') }), 200),
  )
  api.openapi(
    endpoint('POST /flows/{flowId}/check', {
      tags,
      summary: 'Check the draft',
      request: { params },
      responses: { 200: json(Checked, 'What to mend. Errors stop a publish, warnings do not.') },
    }),
    async (c) => c.json(await checkDraft(c.get('ctx'), c.req.valid('param').flowId), 200),
  )
  api.openapi(
    endpoint('POST /flow-checks', {
      tags,
      summary: 'Check a document without storing it',
      request: { body: body(z.strictObject({ document: Document })) },
      responses: { 200: json(Checked, 'What to mend.') },
    }),
    async (c) => c.json(await checkForWorkspace(c.get('ctx'), c.req.valid('json').document), 200),
  )
  api.openapi(
    endpoint('POST /flows/{flowId}/publish', {
      tags,
      summary: 'Publish the draft to accounts; 422 with the findings when it has errors',
      request: { params, body: body(PublishInput.omit({ flowId: true })) },
      responses: { 200: json(Published, 'What runs where, and how many people were told.') },
    }),
    async (c) => c.json(await publish(c.get('ctx'), { ...c.req.valid('json'), ...c.req.valid('param') }), 200),
  )
  api.openapi(
    endpoint('POST /flows/{flowId}/unpublish', {
      tags,
      summary: 'Take the flow off an account; runs under way go on to their end',
      request: { params, body: body(UnpublishInput.omit({ flowId: true }).extend({ accountId: AccountId })) },
      responses: { 200: json(z.object({ programId: z.string() }), 'What the account runs from now on.') },
    }),
    async (c) => c.json(await unpublish(c.get('ctx'), { ...c.req.valid('json'), ...c.req.valid('param') }), 200),
  )
  api.openapi(
    endpoint('GET /flows/{flowId}/versions', {
      tags,
      summary: 'List the published versions, with the people in the middle of each',
      request: { params },
      responses: { 200: json(z.object({ items: z.array(FlowVersionRow) }), 'Newest first.') },
    }),
    async (c) => c.json({ items: await listVersions(c.get('ctx'), c.req.valid('param').flowId) }, 200),
  )
  api.openapi(
    endpoint('GET /flows/{flowId}/versions/{version}', {
      tags,
      summary: 'Read a published version',
      request: {
        params: params.extend({
          version: z.coerce
            .number()
            .int()
            .min(1)
            .max(2 ** 31 - 1),
        }),
      },
      responses: { 200: json(FlowVersion, 'The version, with its document.') },
    }),
    async (c) => {
      const { flowId, version } = c.req.valid('param')
      return c.json(await getVersion(c.get('ctx'), flowId, version), 200)
    },
  )
  api.openapi(
    endpoint('GET /flows/{flowId}/export', {
      tags,
      summary: 'The draft as a file: the same bytes for the same document',
      request: { params },
      responses: { 200: json(Document, 'The document in its one written form.') },
    }),
    async (c) => {
      const { draft, id } = await getFlow(c.get('ctx'), c.req.valid('param').flowId)
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'content-disposition': `attachment; filename="${id}.json"`,
      }
      // The bytes as they are: `c.json` would write them in another form.
      return new Response(serialiseFlow(draft), { headers }) as never
    },
  )
}
