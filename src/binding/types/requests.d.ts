// What a call is asked.

/** What to predict, and with which model. */
export interface PredictionRequest {
  /** The original model: an id of the catalogue, matched exactly. */
  modelId: string
  /** 1 to 100 matches with distinct ids; at most 1 MiB of text together. */
  matches: Match[]
  /**
   * A prompt of your own, at most 1 MiB. The reply is read for the ids of `matches` as always, so the text must ask for them;
   * and where the model has a `responseFormat`, that form is asked for as always.
   */
  prompt?: OwnPrompt | null
  /** The version of the composed prompt, for every model of the chain. Default: the pinned one, else the active one. */
  promptVersion?: string | null
}

/** A request with a prompt of your own, which shows the matches: of them nothing but the ids need be known. */
export interface OwnPromptRequest {
  /** The original model: an id of the catalogue, matched exactly. */
  modelId: string
  /** 1 to 100 matches with distinct ids. With the names of its sides, a score that a reply gives the other way round is turned. */
  matches: (Pick<Match, 'id'> & Partial<Match>)[]
  /** The prompt, at most 1 MiB; it must ask for the ids. */
  prompt: OwnPrompt
}

/** A prompt of the caller's own: its texts are sent exactly as they are. */
export interface OwnPrompt {
  /** The system message; without it none is sent. */
  system?: string | null
  /** The user message. */
  user: string
  /**
   * Whether the overrides of the model are added to `system` after a blank line, or are the system message where there is none;
   * a fallback is sent its own. Default: false.
   */
  overrides?: boolean | null
}

/** One football match. */
export interface Match {
  /** Names the match in the outcome; unique within the request, 1 to 256 characters, no half of a surrogate pair. */
  id: string
  /** The home side, 1 to 256 characters. */
  homeTeam: string
  /** The away side, 1 to 256 characters. */
  awayTeam: string
  /** The competition, 1 to 256 characters. */
  competition?: string | null
  /** ISO 8601 date, or date and time, that there is. */
  kickoff?: string | null
  /** Anything that helps the model: form, injuries, odds. */
  analysis?: string | null
}

/** How to do it. What is absent is left to the model, then to the configuration; an unknown field is refused. */
export interface PredictOptions {
  /** Aborts the call and its HTTP request; the promise rejects with `ABORT_ERR`. */
  signal?: AbortSignal | null
  /** Time for the whole request in milliseconds, 1 to 86,400,000. Default: the configuration's. */
  deadlineMs?: number | null
  /** Time for one HTTP call in milliseconds, 1 to 3,600,000. Default: the model's, then the configuration's. */
  attemptTimeoutMs?: number | null
  /** US dollars for all fallbacks of this request together, worst case, 0 to 1,000,000. Default: the configuration's. */
  maxFallbackCost?: number | null
  /** How many fallbacks may be called, 0 to 100. Default: the configuration's. */
  maxFallbackDepth?: number | null
  /** Sampling temperature, 0 to 2; moved into the provider's range. Default: the provider's own. */
  temperature?: number | null
  /** Most tokens of one completion, 1 to 1,000,000; cut to the provider's limit. Default: what the matches need. */
  maxTokens?: number | null
  /** At most 16 stop sequences of 1 to 256 characters; those beyond the provider's limit are not sent. Default: none. */
  stop?: string[] | null
  /**
   * Your own id of this call, 1 to 200 characters without control characters: it comes back beside `callId` in the outcome
   * or the error, in the events and in the log records. Default: none.
   */
  requestId?: string | null
  /**
   * Where the call stands in a trace, as `traceparent` of W3C Trace Context has it; sent as that header with each request, in
   * place of a provider's own. Default: none is sent.
   */
  traceparent?: string | null
}
