import { newFbtraceId } from './ids'

export type GraphRoute = 'instagram' | 'facebook'

export interface GraphErrorFacts {
  code: number
  message: string
  subcode?: number
  /** HTTP status; when absent the usual one of the code. */
  status?: number
  isTransient?: boolean
}

/** An answer of Graph that is an error. Statuses of messaging errors are not documented: these are the ones seen. */
export class GraphError extends Error {
  readonly facts: GraphErrorFacts

  constructor(facts: GraphErrorFacts) {
    super(facts.message)
    this.name = 'GraphError'
    this.facts = facts
  }
}

const USUAL_STATUS: Record<number, number> = { 1: 500, 2: 500, 10: 403, 190: 401, 200: 403, 230: 500 }

export const statusOf = (facts: GraphErrorFacts) => facts.status ?? USUAL_STATUS[facts.code] ?? 400

/** The instagram host calls some errors IGApiException: a client must branch on `code`, never on `type`. */
export function envelopeOf(facts: GraphErrorFacts, route: GraphRoute) {
  return {
    error: {
      message: facts.message,
      type: route === 'instagram' && facts.code === 100 ? 'IGApiException' : 'OAuthException',
      code: facts.code,
      ...(facts.subcode === undefined ? {} : { error_subcode: facts.subcode }),
      ...(facts.isTransient === undefined ? {} : { is_transient: facts.isTransient }),
      fbtrace_id: newFbtraceId(),
    },
  }
}

const error = (code: number, message: string, subcode?: number) => new GraphError({ code, message, subcode })

export const graphErrors = {
  badToken: (message = 'Invalid OAuth access token - Cannot parse access token', subcode?: number) =>
    error(190, message, subcode),
  invalid: (message: string, subcode?: number) => error(100, `(#100) ${message}`, subcode),
  notYet: (what: string) => error(100, `(#100) ${what} is not supported by this sandbox yet`),
  noObject: (id: string) =>
    error(
      100,
      `Unsupported request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation`,
      33,
    ),
  noField: (field: string, node: string) =>
    error(100, `(#100) Tried accessing nonexisting field (${field}) on node type (${node})`),
  noCapability: () => error(3, '(#3) Application does not have the capability to make this API call.'),
  noMatchingUser: () => error(100, 'No matching Instagram user', 2534014),
  unavailable: (code: 551 | 200) => error(code, `(#${code}) This person isn't available right now.`, 1545041),
  outsideWindow: () => error(10, '(#10) This message is sent outside of allowed window.', 2534022),
  noHumanAgent: () =>
    error(10, "(#10) To use the 'Human Agent' feature, your use of this endpoint must be reviewed and approved by Facebook."),
  rateLimited: () => error(613, '(#613) Calls to this api have exceeded the rate limit.', 2534040),
  noConsent: () => error(230, '(#230) User consent is required to access user profile'),
  messageGone: () => error(9000001, 'The message has been deleted'),
} as const
