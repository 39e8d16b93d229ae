/** Compiled, never run: what TypeScript users see of the addon, with unions and nullability. */
import {
  activatePrompts, buildPrompt, close, configure, disableModel, enableModel, explain, Fallcast, getActiveModelCount,
  getActiveProviders, getBudget, getFallbackProvider, getMetrics, getMetricsText, getModel, getModels, getPrompts,
  explainSlate, MODEL_FALLBACKS, onEvent, onInvalidate, predictSlate, predictWithFallback, readReply, recoverDisabledModels, reloadCatalog, reloadPrompts, reportFailure,
  reportSuccess, restore, snapshot, updateCatalog,
} from '../index.js';
import type {
  Attempt, Budget, CatalogModel, Config, EngineEvent, FailureKind, FallbackReason, InvalidationEvent, LogRecord, Match, Metrics,
  Model, ModelStatus, OwnPromptRequest, Plan, PredictionOutcome, PredictionRequest, PredictOptions, Prompts, PromptVersion,
  PromptVersionStatus, Provider, RouteMetrics, Skip, Slate, SlateEvent, SlateOptions, SlateOutcome, SlatePlan, SlateRequest, SkipReason, Snapshot, Usage,
} from '../index.js';

/** Compiles only if both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

const match: Match = { id: 'm1', homeTeam: 'Home', awayTeam: 'Away' };
const full: Required<Match> = { ...match, competition: 'Cup', kickoff: '2025-10-19', analysis: 'No injuries.' };
const request: PredictionRequest = { modelId: 'deepseek-v3.1', matches: [match, full] };
const requests: PredictionRequest[] = [
  request,
  { ...request, prompt: null, promptVersion: '1' },
  { ...request, prompt: { user: 'Who wins?' } },
  { ...request, prompt: { system: 'Be brief.', user: 'Who wins?', overrides: true } },
];
const own: OwnPromptRequest = { modelId: 'mine', matches: [{ id: 'm1' }, match], prompt: { user: 'Who wins m1?' } };
// @ts-expect-error without a prompt of one's own a match needs both sides
predictWithFallback({ modelId: 'mine', matches: [{ id: 'm1' }] });
const options: Required<PredictOptions> = {
  signal: new AbortController().signal,
  deadlineMs: 100_000,
  attemptTimeoutMs: 20_000,
  maxFallbackCost: 0.01,
  maxFallbackDepth: 2,
  temperature: 0.3,
  maxTokens: 500,
  stop: ['END'],
  requestId: 'job-7',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
};
// @ts-expect-error a match needs both sides
const half: Match = { id: 'm1', homeTeam: 'Home' };
// @ts-expect-error there is no such option
const wrong: PredictOptions = { deadline: 5 };
// @ts-expect-error a request is not optional
predictWithFallback();

const provider: Provider = {
  id: 'local',
  baseUrl: 'http://127.0.0.1:8080/v1',
  apiKeyEnv: null,
  headers: { 'x-tenant': 'football' },
  modelIdPrefix: 'hf:',
  limits: { maxTokens: 2048, temperature: [0.1, 1], maxStopSequences: 2 },
  responseFormat: 'json_schema',
  maxConcurrency: null,
};
const model: Model = {
  id: 'mine',
  provider: 'local',
  upstreamModel: 'org/mine',
  displayName: 'Mine',
  tier: 'budget',
  promptUsdPer1M: 1,
  completionUsdPer1M: 2,
  cachedPromptUsdPer1M: 0.5,
  reasoningUsdPer1M: 3,
  fallbacks: ['other'],
  timeoutMs: 60_000,
  reasoning: true,
  responseFormat: false,
  promptOverrides: ['json-strict'],
  limits: { maxTokens: 100 },
  enabled: true,
};
// @ts-expect-error there is no such form
const form: Model['responseFormat'] = 'yaml';
const version: Required<PromptVersion> = {
  notes: 'A calmer tone.',
  system: ['task'],
  output: 'output',
  user: ['matches'],
  overrides: { mine: ['json-strict'] },
  activeFrom: '2026-02-05',
  activeTo: '2026-03-05T12:00:00Z',
  models: ['mine'],
  weight: 1,
};
const prompts: Prompts = {
  versions: { trial: version, all: { system: ['task'], output: 'output', user: ['matches'] } },
  components: { task: '{{date}}', output: 'As JSON.', matches: '{{matches}}' },
};
const config: Config = {
  builtinCatalog: false,
  catalog: './catalog',
  providers: [provider],
  models: [model],
  fallbacks: { mine: 'other', other: ['third', 'fourth'] },
  prompts,
  maxFallbackDepth: 3,
  warnPriceRatio: null,
  maxPriceRatio: 5,
  maxFallbackCost: null,
  dailyBudgetUsd: null,
  pauseFallbacksAt: 0.8,
  budgetAlerts: [0.5, 1],
  stateFile: './state.json',
  disableThreshold: null,
  cooldownMs: 3_600_000,
  failuresAfterRecovery: 2,
  transientThreshold: null,
  transientCooldownMs: 60_000,
  providerCooldownMs: 60_000,
  attemptTimeoutMs: 25_000,
  deadlineMs: 115_000,
  maxRetries: 2,
  fallbackOnContentFilter: false,
  http: {
    connectTimeoutMs: 5000,
    maxResponseBytes: 1024,
    caCertificates: [],
    userAgent: 'mine/1',
    allowInsecureHttp: false,
  },
  onLog: ({ level, message, fields }: LogRecord) => {
    const text: string = message;
    const rest: Record<string, unknown> = fields;
    if (level === 'warn') console.warn(text, rest);
  },
  logLevel: 'debug',
};
// @ts-expect-error there is no such level
const loud: Config = { logLevel: 'loud' };

async function outcomes(engine: Fallcast): Promise<void> {
  const outcome: PredictionOutcome = await engine.predictWithFallback(request, options);
  await engine.predictWithFallback(request, null);
  await engine.predictWithFallback(own);
  await predictWithFallback(request, { signal: AbortSignal.timeout(5) });

  for (const { matchId, homeScore, awayScore, modelId } of outcome.predictions) {
    const row: [string, number, number, string] = [matchId, homeScore, awayScore, modelId];
    console.log(row);
  }
  same<PredictionOutcome['fallbackModelId'], string | null>(true);
  same<PredictionOutcome['reasoning'], string | null>(true);
  same<PredictionOutcome['missingMatchIds'], string[]>(true);
  same<PredictionOutcome['usedFallback'], boolean>(true);
  // @ts-expect-error it may be null
  outcome.fallbackModelId.length;
  // @ts-expect-error it may be null
  outcome.fallbackReason.length;

  const [attempt] = outcome.attempts;
  if (attempt) {
    same<Attempt['failure'], FailureKind | null>(true);
    same<Attempt['status'], number | null>(true);
    same<Attempt['overrides'], string[]>(true);
    same<Attempt['message'], string | null>(true);
    same<Attempt['usage'], Usage | null>(true);
    const estimated: boolean | undefined = attempt.usage?.estimated;
    for (const { parameter, from, to } of attempt.adjusted) {
      const change: [string, number | string, number | string | null] = [parameter, from, to];
      console.log(change, estimated);
    }
  }
  const [skip] = outcome.skips;
  if (skip) {
    same<Skip['reason'], SkipReason>(true);
    const { detail }: { detail: string } = skip;
    console.log(detail);
  }
}

/** Every kind has its words: adding one to the union breaks this, as it should. */
const kinds: Record<FailureKind, string> = {
  timeout: '', network: '', server_error: '', rate_limited: '', quota_exhausted: '', unauthorized: '',
  model_unavailable: '', context_too_long: '', bad_request: '', content_filtered: '', invalid_response: '',
  empty_response: '', truncated: '', parse_error: '', aborted: '', deadline: '',
};
const reasons: Record<SkipReason, string> = {
  disabled: '', cooling: '', unconfigured: '', depth: '', too_expensive: '', over_budget: '', provider_failed: '',
  not_enabled: '', retired: '',
};

function replies(): void {
  const { predictions, missingMatchIds, reasoning, failure, message } = readReply('m1: 2-1', [match, { id: 'm2' }]);
  same<typeof failure, FailureKind | null>(true);
  same<typeof reasoning, string | null>(true);
  console.log(predictions[0]?.homeScore.toFixed(), missingMatchIds, message, readReply({ choices: [] }, [{ id: 'm1' }]));
  // @ts-expect-error a match needs an id
  readReply('m1: 2-1', [{ homeTeam: 'Home' }]);
}

async function states(engine: Fallcast): Promise<void> {
  const [status]: ModelStatus[] = engine.getModels();
  if (status) {
    same<ModelStatus['state'], 'active' | 'disabled' | 'unconfigured' | 'not_enabled' | 'retired'>(true);
    same<ModelStatus['retiresOn'], string | null>(true);
    same<ModelStatus['disabledUntil'], string | null>(true);
  }
  const listed = engine.getModel('mine') ?? getModel('mine');
  same<typeof listed, CatalogModel | undefined>(true);
  same<CatalogModel['tier'], string | null>(true);
  same<CatalogModel['limits']['temperature'], [number, number] | null>(true);
  // @ts-expect-error it may be undefined
  getModel('mine').displayName;
  const active: ModelStatus[] = [...engine.getActiveProviders(), ...getActiveProviders(), ...getModels()];
  const count: number = (await engine.getActiveModelCount()) + (await getActiveModelCount());
  const next = engine.getFallbackProvider('mine') ?? getFallbackProvider('mine');
  // @ts-expect-error it may be undefined
  getFallbackProvider('mine').modelId;
  const ids: [string, string] | undefined = next && [next.modelId, next.providerId];
  const fallbacks: readonly string[] | undefined = MODEL_FALLBACKS['mine'];
  const plan: Plan = engine.explain(request);
  const [version]: PromptVersionStatus[] = [...engine.getPrompts(), ...getPrompts()];
  if (version) {
    same<PromptVersionStatus['activeFrom'], string | null>(true);
    same<PromptVersionStatus['models'], string[] | null>(true);
    engine.activatePrompts(version.version);
  }
  activatePrompts(null);
  const reloaded: boolean = engine.reloadPrompts() || reloadPrompts() || engine.reloadCatalog() || reloadCatalog();
  const prompt = engine.buildPrompt('mine', [match]);
  const texts: [string, string, string, string[], number] = [
    prompt.system, prompt.user, prompt.promptVersion, prompt.overrides, prompt.estimatedTokens,
  ];
  console.log(active, count, listed?.displayName, ids, fallbacks, plan, reloaded, texts, explain(request, options), buildPrompt('mine', [match], '1'));
}

/** Every event has its words, told apart by `type`. */
function inWords(event: EngineEvent): string {
  switch (event.type) {
    case 'disabled': return `${event.modelId} ${event.disabledUntil ?? 'by hand'} ${event.reason}`;
    case 'enabled': return event.modelId;
    case 'recovered': return `${event.modelId} ${event.consecutiveFailures.toFixed()}`;
    case 'cooling': return `${event.modelId} ${event.coolingUntil} ${kinds[event.kind]}`;
    case 'cooled': return event.modelId;
    case 'provider_cooling': return `${event.providerId} ${event.coolingUntil} ${kinds[event.kind]}`;
    case 'provider_cooled': return event.providerId;
    case 'restored': return event.ignoredModelIds.join();
    case 'fallback': return `${event.originalModelId} ${event.modelId} ${event.reason}`;
    case 'cost_warning': return `${event.priceRatio.toFixed()} ${event.expectedCostUsd.toFixed()}`;
    case 'usage_doubted': return `${event.told.promptTokens?.toFixed()} ${event.booked.promptTokens} ${event.problem}`;
    case 'budget': return `${event.day} ${event.threshold.toFixed()} ${event.spentUsd.toFixed()}`;
    case 'fleet_joined': return event.members.toFixed();
    case 'fleet_lost': return event.problem;
    case 'grant_lapsed': return `${event.memberId} ${event.heldUsd.toFixed()} ${event.day}`;
    case 'state_damaged': return `${event.movedTo} ${event.problem}`;
    case 'state_unsaved': return event.problem;
    case 'model_retiring': return `${event.modelId} ${event.retiresOn} ${event.daysLeft.toFixed()}`;
    case 'catalog_reloaded': return [...event.addedModelIds, ...event.removedModelIds, ...event.changedModelIds].join();
    case 'catalog_rejected': return event.faults.join();
    case 'prompts_reloaded': return event.versions.join();
    case 'prompts_rejected': return event.faults.join();
    default: {
      const never: never = event;
      return never;
    }
  }
}

async function health(engine: Fallcast): Promise<void> {
  const ends: (() => void)[] = [
    engine.onEvent((event) => console.log(event.sequence, event.at, event.dropped, inWords(event))),
    onEvent(async () => {}),
    engine.onInvalidate(({ activeModelCount, modelId }: InvalidationEvent) => {
      same<typeof activeModelCount, number>(true);
      same<typeof modelId, string | null>(true);
    }),
    onInvalidate(({ key }) => same<typeof key, 'stats:active_model_count'>(true)),
  ];
  engine.disableModel('mine', 'why');
  engine.enableModel('mine');
  engine.reportFailure('mine', 'parse_error');
  engine.reportSuccess('mine');
  disableModel('mine', 'why');
  enableModel('mine');
  reportFailure('mine', 'timeout');
  reportSuccess('mine');
  // @ts-expect-error a reason is needed
  disableModel('mine');
  // @ts-expect-error there is no such kind
  reportFailure('mine', 'tired');
  const recovered: number = (await engine.recoverDisabledModels()) + (await recoverDisabledModels());
  const state: Snapshot = engine.snapshot();
  engine.restore(state);
  restore(snapshot());
  restore({ version: 1, models: { mine: { changedAt: '2025-10-19T15:30:00Z', disabled: { until: null } } } });
  // @ts-expect-error there is no such version
  restore({ version: 2 });
  for (const end of ends) end();
  console.log(recovered);
}

function money(engine: Fallcast): void {
  const { dailyBudgetUsd, remainingUsd, models }: Budget = engine.getBudget();
  same<Budget['state'], 'open' | 'fallbacks_paused' | 'exhausted'>(true);
  same<RouteMetrics['modelId'], string | null>(true);
  same<RouteMetrics['reason'], FallbackReason | null>(true);
  // @ts-expect-error there may be no budget
  const left: number = remainingUsd;
  const metrics: Metrics = getMetrics();
  const failed: number | undefined = metrics.models[0]?.failures.timeout;
  const sentences: string[] = metrics.routes.map(({ sentence }) => sentence);
  console.log(dailyBudgetUsd, models[0]?.spentUsd, left, failed, sentences, getMetricsText().length, getBudget().day);
}

const slateRequests: SlateRequest[] = [
  { matches: [match] },
  { matches: [match], models: 'active', fallbacks: 'none' },
  { matches: [match], models: ['deepseek-v3.1'], fallbacks: 'call', promptVersion: '1' },
  { matches: [match], cells: [{ modelId: 'deepseek-v3.1', matchId: 'm1' }] },
  // @ts-expect-error a cell names a match
  { matches: [match], cells: [{ modelId: 'deepseek-v3.1' }] },
];
const slateOptions: Required<SlateOptions> = {
  signal: new AbortController().signal, deadlineMs: 60_000, attemptTimeoutMs: 20_000, temperature: 0.3, maxTokens: 500,
  maxFallbackCost: 0.01, maxFallbackDepth: 2, maxCostUsd: 0.5, maxInFlight: 16, matchesPerRequest: 5, allowStarted: true,
  keepReplies: true, requestId: 'saturday', traceparent: null, enough: { modelsPerMatch: 5, afterMs: 60_000 },
};

async function slates(engine: Fallcast): Promise<void> {
  const plan: SlatePlan = explainSlate(slateRequests[0]!);
  const slate: Slate = engine.predictSlate(slateRequests[1]!, slateOptions);
  for await (const event of slate) {
    same<typeof event, SlateEvent>(true);
    if (event.type === 'answered') same<typeof event.outcome, PredictionOutcome>(true);
    if (event.type === 'missed') console.log(event.modelId, event.matchIds, event.why, event.error.code);
    if (event.type === 'progress') console.log(event.progress.answered, event.progress.costUsd);
  }
  const { outcomes, missing, consensus, complete }: SlateOutcome = await predictSlate(slateRequests[2]!, null).result();
  same<Attempt['reused'], true | undefined>(true);
  same<Attempt['responseModel'], string | null>(true);
  const next: SlateRequest = { matches: [match], cells: missing };
  console.log(plan.providers[0]?.inTurn, outcomes.length, consensus[0]?.homeWin, complete, next, slate.progress().waiting);
  slate.cancel();
}

export async function everything(): Promise<void> {
  configure(config);
  const closed: undefined = await close().then(() => undefined);
  configure(closed);
  updateCatalog({ providers: [provider], models: [model], fallbacks: { mine: 'other' } });
  const engines: Fallcast[] = [new Fallcast(), new Fallcast(null), new Fallcast(config)];
  for (const engine of engines) {
    await outcomes(engine);
    await states(engine);
    await health(engine);
    money(engine);
    replies();
    await slates(engine);
    const closed: Promise<void> = engine.close();
    await closed;
  }
  console.log(requests, half, wrong, loud, kinds, reasons);
}
