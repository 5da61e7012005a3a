import { z } from 'zod'
import { type Act, defineNode, type OwnFinding } from '../../define-node'

export const Bubble = z.discriminatedUnion('type', [
  z.strictObject({ id: z.string(), type: z.literal('text'), text: z.string() }),
  z.strictObject({ id: z.string(), type: z.literal('image'), url: z.string() }),
])
export type Bubble = z.infer<typeof Bubble>

/** A stack of bubbles, said in order. */
export const MessageData = z.strictObject({ bubbles: z.array(Bubble) })
export type MessageData = z.infer<typeof MessageData>

const say = (bubble: Bubble): Act =>
  bubble.type === 'text' ? { type: 'say', text: bubble.text } : { type: 'show', url: bubble.url }

export const message = defineNode({
  kind: 'message',
  title: 'Message',
  data: MessageData,
  examples: [
    { bubbles: [{ id: 'bubble-1', type: 'text', text: 'Hi {{ contact.first_name | default: "there" }}!' }] },
    {
      bubbles: [
        { id: 'bubble-1', type: 'image', url: 'https://example.com/menu.jpg' },
        { id: 'bubble-2', type: 'text', text: 'This is our menu.' },
      ],
    },
  ],
  ports: () => [
    { id: 'next', label: 'Next', role: 'next', isOptional: true },
    { id: 'error', label: 'Not delivered', role: 'error', isOptional: true },
  ],
  enter: ({ bubbles }) => ({ acts: bubbles.map(say), then: { go: 'next' } }),
  passage: (_, port) => (port === 'error' ? { type: 'failure' } : { type: 'at-once' }),
  templates: ({ bubbles }) =>
    bubbles.map((bubble, index) =>
      bubble.type === 'text'
        ? { field: `bubbles.${index}.text`, text: bubble.text, limit: 'text' }
        : { field: `bubbles.${index}.url`, text: bubble.url, limit: 'url' },
    ),
  check: ({ bubbles }) => {
    const findings: OwnFinding[] = []
    if (bubbles.length === 0)
      findings.push({ code: 'no-bubbles', severity: 'warning', field: 'bubbles', message: 'This message says nothing.' })
    bubbles.forEach((bubble, index) => {
      if (bubble.type === 'text' && bubble.text.trim() === '') {
        findings.push({ code: 'empty-text', severity: 'error', field: `bubbles.${index}.text`, message: 'This bubble is empty.' })
      }
      if (bubble.type === 'image' && !isImageUrl(bubble.url)) {
        const text = 'Give the full address of the picture, beginning with https://.'
        findings.push({ code: 'invalid-url', severity: 'error', field: `bubbles.${index}.url`, message: text })
      }
    })
    return findings
  },
})

/** An address Instagram can fetch; one that a template makes is only known when it is rendered. */
const isImageUrl = (url: string): boolean =>
  url.includes('{{') || url.includes('{%') || (/^https?:\/\//i.test(url) && URL.canParse(url))
