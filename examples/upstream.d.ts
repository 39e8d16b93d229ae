/** The types of `fallcast/testing`. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'

/** One chat completion that was asked for. */
export interface UpstreamRequest {
  /** Which request it is, from 0. */
  readonly index: number
  /** The method: `POST`. */
  readonly method: string
  /** The path. */
  readonly url: string
  /** The headers. */
  readonly headers: IncomingHttpHeaders
  /** The chat completion that was asked for. */
  readonly body: Record<string, any>
  /** The model's name in it. */
  readonly model: string
  /** The matches that it asks about, as `matchIdsOf` or the upstream's `matchIds` finds them. */
  readonly matchIds: string[]
  /** `broken`: by the upstream, as told. */
  readonly state: 'open' | 'answered' | 'broken' | 'closed_by_client'
  /** Resolves when the exchange is over, whoever ended it. */
  readonly ended: Promise<UpstreamRequest['state']>
  /** Aborted at that moment. */
  readonly signal: AbortSignal
  /** Resolves when `release()` of the upstream is called. */
  readonly released: Promise<void>
}

/**
 * The name of a manner; or its name with options, such as `{ name: 'rate_limited', retryAfter: 2 }`; or a function that
 * chooses one for a request.
 */
export type Manner =
  | string
  | { name: string; [option: string]: unknown }
  | ((request: UpstreamRequest) => Manner | Promise<Manner>)

/** How a manner answers. */
export interface Reply {
  /** The connection. */
  readonly socket: Socket
  /** Answers with text. */
  text(content: string, options?: { finishReason?: string }): void
  /** Answers with a message. */
  message(message: Record<string, unknown>, options?: { finishReason?: string }): void
  /** Answers with an error status. */
  error(status: number, message: string, details?: Record<string, unknown>, headers?: Record<string, string>): void
  /** Answers with bytes. */
  bytes(status: number, body: string | Uint8Array, headers?: Record<string, string | number>): void
  /** Begins an answer. */
  head(status: number, headers?: Record<string, string | number>): void
  /** Sends some of an answer's body. */
  write(text: string): Promise<void>
  /** Answers with a body that is made while it is sent. */
  stream(source: () => AsyncIterable<string>): Promise<void>
  /** Breaks the connection by one of its socket's methods. */
  break(method: 'destroy' | 'end' | 'resetAndDestroy'): void
}

/** An upstream on loopback. */
export interface Upstream {
  /** The base URL for a provider. */
  readonly baseUrl: string
  /** What `GET /models` lists. */
  readonly models: (string | { id: string; [field: string]: unknown })[]
  /** Every chat completion that was asked for, in order. */
  readonly requests: UpstreamRequest[]
  /** The requests to which a replayed file has no answer; each got a 501 that says so. */
  readonly unmatched: UpstreamRequest[]
  /** The requests that are neither answered nor closed. */
  readonly open: UpstreamRequest[]
  /** Resolves with the requests once there are `count` of them. Default: 1. */
  received(count?: number): Promise<UpstreamRequest[]>
  /** Resolves once no request is open. */
  idle(): Promise<void>
  /** Lets every request of the manner `held` go on, also those to come. */
  release(): void
  /** Closes every connection and the port. */
  close(): Promise<void>
}

/** What `startUpstream` takes: one of `manner`, `record` (with `target`) and `replay`. */
export interface UpstreamOptions {
  /** How it answers. Default: `clean`. */
  manner?: Manner
  /** A file, written anew, that keeps what `target` answers; no key is in it. Default: none. */
  record?: string
  /** The base URL of a provider, such as `https://api.together.xyz/v1`, to which each request is passed on. */
  target?: string
  /** Whether the recorded file keeps what was asked, prompts and all. Default: true. */
  prompts?: boolean
  /** A recorded file, from which each request is answered. Default: none. */
  replay?: string
  /** What `GET /models` lists: names, or entries with whatever a host says besides, such as `pricing`. Default: nothing. */
  models?: (string | { id: string; [field: string]: unknown })[]
  /**
   * How the matches are found that a prompt asks about: the ids that there are, of which a prompt names some; or a function.
   * Default: `matchIdsOf`.
   */
  matchIds?: string[] | ((body: Record<string, any>) => string[])
}

/** Starts an upstream on a free port of loopback. */
export function startUpstream(options?: UpstreamOptions): Promise<Upstream>

/**
 * The ids of the matches that a chat completion asks about, each once and in order: those that its JSON Schema allows; else those that
 * its user messages name: as JSON (`match_id`, `matchId`, `id`), with a label (`match_id: m1`, `ID = "m1"`), in a column of a table, or
 * at the beginning of a line (`m1: Liverpool – Everton`, with a digit in it).
 */
export function matchIdsOf(body: Record<string, any>): string[]

/**
 * The JSON Schema that an answer to a chat completion has to fit: that of its `response_format`, or the one that Fallcast puts into
 * the system message; undefined where there is none, or where it is that of predictions.
 */
export function schemaOf(body: Record<string, any>): any

/**
 * The value with which every model of the upstream answers a JSON Schema: always the same, and one that fits it unless it has a
 * pattern or excludes something.
 */
export function valueFor(schema: any): any

/** Chooses the manner by the model that is asked; of a list, each request takes the next and the last one stays. */
export function byModel(table: Record<string, Manner | Manner[]>, otherwise?: Manner): (request: UpstreamRequest) => Manner

/** The score that every model of the upstream predicts for a match: 0 to 4 goals a side, the same for the same id. */
export function scoreOf(matchId: string): { homeScore: number; awayScore: number }

/** What a well-behaved model answers, as JSON. */
export function answerTo(matchIds: string[]): string

/** The manner in which a built-in model is known to answer, by its upstream name. */
export function knownManner(modelId: string): Manner

/** Every manner by its name. Add one's own: `manners.mine = (request, reply, options) => reply.text('…')`. */
export const manners: Record<string, (request: UpstreamRequest, reply: Reply, options: Record<string, any>) => unknown>
