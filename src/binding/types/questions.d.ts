// What is asked besides predictions, and what is answered.

/** A question: a prompt or a conversation, and the form that the answer is to have. */
export interface AskRequest<S extends AnswerSchema | undefined = undefined> {
  /** The original model: an id of the catalogue, matched exactly. */
  modelId: string
  /** The prompt, at most 1 MiB. */
  prompt?: OwnPrompt | null
  /** In its place a conversation of 1 to 256 messages: the first may be the system's, the last is the user's. */
  messages?: ChatMessage[] | null
  /**
   * What the answer has to fit: a JSON Schema (draft 2020-12), or a Standard Schema such as zod's, valibot's or ArkType's, whose own
   * validation is called. An answer that does not fit is a `parse_error`, and the next model is asked. Default: any text.
   */
  schema?: S
  /** What the schema is called on the wire, 1 to 64 letters, digits, `_` and `-`. Default: 'answer'. */
  schemaName?: string | null
}

/** A message of a conversation. */
export interface ChatMessage {
  /** Who says it. */
  role: 'system' | 'user' | 'assistant'
  /** What is said, not empty. */
  content: string
}

/** What `askWithFallback` resolves with: the answer, and how it came about. */
export interface Answer<T> {
  /** Names the call in its events and log records; no other call has it, in no other process either. */
  callId: string
  /** `options.requestId`; null if none was given. */
  requestId: string | null
  /** The value that fits the schema, as its validation gives it; null without a schema. */
  value: T
  /** What was answered, without thinking; with a schema the JSON of the value, as it was read. */
  text: string
  /** The model that was asked for. */
  originalModelId: string
  /** The model that answered. */
  modelId: string
  /** Whether that is another than the original. */
  usedFallback: boolean
  /** `modelId` if it is another than the original, else null. */
  fallbackModelId: string | null
  /** Why another than the original answered: what it failed with, or why it was skipped; null if it answered itself. */
  fallbackReason: FallbackReason | null
  /** Every model that was asked, in order. */
  attempts: Attempt[]
  /** Every model that was passed over before the answer, in order. */
  skips: Skip[]
  /** What all attempts cost together, in US dollars. */
  costUsd: number
  /** Estimate of what the original alone would have cost, in US dollars. */
  originalCostUsd: number
  /** Tokens of all attempts together. */
  usage: Usage
  /** `own`: the prompt was the caller's. */
  promptVersion: string
  /** The names of the overrides that were added to it, in order. */
  overrides: string[]
  /** What `modelId` thought before it answered, or null if it did not say. */
  reasoning: string | null
  /** What `modelId` answered, as it came. */
  rawResponse: string
  /** From the call to the answer, in milliseconds. */
  durationMs: number
}

/** A schema of either kind. */
export type AnswerSchema = StandardSchema | JsonSchema

/** The type of what a schema describes; null without one. */
export type AnswerOf<S> = [S] extends [StandardSchema<infer T>] ? T : [S] extends [JsonSchema] ? ValueOf<S> : null

/** A schema that validates by itself, as the Standard Schema of zod, valibot, ArkType and others does. */
export interface StandardSchema<T = unknown> {
  /** What the standard defines. */
  readonly '~standard': {
    /** Its version. */
    readonly version: 1
    /** Whose schema it is. */
    readonly vendor: string
    /** Validates a value: what it becomes, or what is wrong with it. */
    readonly validate: (value: unknown, ...rest: any[]) => StandardResult<T> | Promise<StandardResult<T>>
    /** What it takes and what it makes of it; for the compiler alone. */
    readonly types?: { readonly input: unknown; readonly output: T } | undefined
  }
}

/** What such a validation comes to. */
export type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined }[] }

/** A JSON Schema of draft 2020-12, as plain data. */
export interface JsonSchema {
  /** A keyword of the schema. */
  readonly [keyword: string]: unknown
}

/** The type of what a JSON Schema describes, as far as it is written down literally; `unknown` where it is not known. */
export type ValueOf<S> = S extends true ? unknown
  : S extends false ? never
  : S extends { readonly const: infer T } ? T
  : S extends { readonly enum: readonly (infer T)[] } ? T
  : S extends { readonly anyOf: readonly (infer T)[] } ? ValueOf<T>
  : S extends { readonly oneOf: readonly (infer T)[] } ? ValueOf<T>
  : S extends { readonly type: readonly (infer T)[] } ? (T extends string ? ValueOf<Omit<S, 'type'> & { readonly type: T }> : unknown)
  : S extends { readonly type: 'string' } ? string
  : S extends { readonly type: 'number' | 'integer' } ? number
  : S extends { readonly type: 'boolean' } ? boolean
  : S extends { readonly type: 'null' } ? null
  : S extends { readonly type: 'array'; readonly items: infer T } ? ValueOf<T>[]
  : S extends { readonly type: 'array' } ? unknown[]
  : S extends { readonly type: 'object'; readonly properties: infer P } ? FieldsOf<P, S extends { readonly required: readonly (infer R)[] } ? R : never>
  : S extends { readonly type: 'object' } ? Record<string, unknown>
  : unknown

/** The type of an object whose fields have these schemas, of which some are required. */
export type FieldsOf<P, R> = { -readonly [K in keyof P as K extends R ? K : never]: ValueOf<P[K]> } & { -readonly [K in keyof P as K extends R ? never : K]?: ValueOf<P[K]> } extends infer T
  ? { [K in keyof T]: T[K] }
  : never
